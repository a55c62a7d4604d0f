"""Replay recorded traffic of the real services against the sandboxes: do they answer with the same status and shape?"""
