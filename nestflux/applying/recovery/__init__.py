"""An attempt that stopped half-way: its step in flight decided, its file finished or turned."""
