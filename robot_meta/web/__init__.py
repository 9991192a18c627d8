"""Pages for this machine's browser, behind a key: the operator's, and the one for annotation.

Knows aiohttp and viser, neither ROS nor robots: what a page shows and asks for goes through
`board.Board` and `operator.Operator`, which the web node fills.
"""
