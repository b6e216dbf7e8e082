"""HJ 212 (污染物在线监控数据传输): frames to readings and back, both editions, and a server that receives stations."""
