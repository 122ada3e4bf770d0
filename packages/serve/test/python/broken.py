raise RuntimeError("broken when loaded")
