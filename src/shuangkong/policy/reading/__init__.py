"""Reading documents (读文件): a plan goes in, its targets and duties come out, each tied to clause and words."""
