"""What every live venue needs: connections that last, and a way out of their thread.

socket ─▶ Frame ─▶ the venue's source ─▶ Message ─▶ outlet ═▶ Source.messages()
└── notes: connected, disconnected, silent, renewed ──▶ feeds.events
"""
