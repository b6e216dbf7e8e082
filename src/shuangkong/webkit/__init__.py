"""Page kit (网页组件): languages, figures as people read them, status marks, charts, tables, and the frame of a page."""
