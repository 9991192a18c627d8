"""Path following of a walking robot whose body, ground or sensors change while it walks."""
