"""Jobs around a server, as plain data: model downloads and smoke tests."""
