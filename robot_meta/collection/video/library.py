"""PyAV, the library that holds FFmpeg; loaded where a video is written or read."""

from __future__ import annotations

from types import ModuleType

from robot_meta.errors import BadConfig

ENCODERS = ("libx264", "libopenh264")  # of H.264, as FFmpeg calls them


def library() -> ModuleType:
    """Its module.

    Raises:
        BadConfig: It cannot be imported.
    """
    try:
        import av
    except ImportError as error:
        raise BadConfig(
            f"PyAV, which videos need, cannot be loaded ({error}): pip install av"
        ) from None
    return av


def require_encoder(name: str) -> None:
    """Make sure that a video can be encoded by `name`.

    Raises:
        BadConfig: There is no such encoder here.
    """
    av = library()
    if name not in av.codecs_available:
        known = [codec for codec in ENCODERS if codec in av.codecs_available]
        raise BadConfig(
            f"this PyAV has no encoder '{name}'; it has {', '.join(known) or 'none for H.264'}. "
            "The wheel has libx264: pip install av"
        )
