"""The tasks that GrBAL was published on, rebuilt on gymnasium's own MuJoCo models.

Nothing is registered by importing this; call `registration.register()` before `gymnasium.make`.
"""
