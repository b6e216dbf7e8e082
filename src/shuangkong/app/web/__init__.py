"""Pages over a workspace (网页). `create_app(workspace)` gives the application; it holds no rule and writes nothing."""

from shuangkong.app.web.factory import create_app

__all__ = ["create_app"]
