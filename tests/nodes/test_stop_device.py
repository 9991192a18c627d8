from robot_meta.nodes.stop_device import StopDevice


def test_without_a_required_heartbeat_only_the_button_counts():
    device = StopDevice(None)
    assert device.alive(100.0) and device.trouble(100.0) == ""
    device.pressed = True
    assert "release" in device.trouble(100.0)


def test_a_required_heartbeat_is_missing_until_the_first_beat_and_after_silence():
    device = StopDevice(0.3)
    assert not device.alive(0.0)
    device.beat(1, 1.0)
    assert device.alive(1.29)
    assert not device.alive(1.31) and "estop_heartbeat" in device.trouble(1.31)


def test_a_counter_that_stands_still_is_no_heartbeat():
    device = StopDevice(0.3)
    device.beat(7, 1.0)
    device.beat(7, 1.2)
    assert not device.alive(1.4)
    device.beat(8, 1.4)
    assert device.alive(1.5)
