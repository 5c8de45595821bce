"""Binance, spot and USD-M futures.

frame ─▶ addresses (stream name ─▶ channel ─▶ topic) ─▶ Message
"""
