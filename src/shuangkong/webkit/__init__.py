"""Page kit (网页组件): languages, figures as people read them, marks, charts, lists, and the frame of a page."""
