"""The command line: a thin skin over ``pipeline.chain``. Only here is anything printed."""
