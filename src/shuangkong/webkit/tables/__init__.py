"""Tables (表格): one way to page, sort, filter and export rows on the server. Entered by `shuangkong.webkit.api`."""
