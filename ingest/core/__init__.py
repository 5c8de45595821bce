"""The nouns: settings, errors, topics, messages, windows. Imports nothing else of ours."""
