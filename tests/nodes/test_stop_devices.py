from robot_meta.nodes.stop_devices import StopDevices


def test_without_a_required_heartbeat_only_the_button_counts():
    device = StopDevices(None)
    assert device.alive(100.0) and device.trouble(100.0) == ""
    device.say("estop", True)
    assert "release" in device.trouble(100.0)


def test_who_lets_go_lets_go_for_no_other_device():
    devices = StopDevices(None)
    devices.say("estop", True), devices.say("page_estop", True)
    assert devices.say("page_estop", False) == ""
    assert devices.pressed == ["estop"] and "(estop)" in devices.trouble(0.0)
    devices.say("shelf_estop", False)
    assert devices.pressed == ["estop"]
    devices.say("estop", False)
    assert devices.trouble(0.0) == ""


def test_of_two_devices_on_one_topic_nobody_knows_which_lets_go():
    devices = StopDevices(None)
    both = ["/left", "/right"]
    assert devices.say("estop", False, both) == "", "nothing is pressed"
    assert devices.say("estop", True, both) == "", "a stop always counts"
    assert "one of /left, /right. Give each" in devices.say("estop", False, both)
    assert devices.pressed == ["estop"]
    assert devices.say("estop", False, ["/left"]) == "" and devices.pressed == []


def test_a_required_heartbeat_is_missing_until_the_first_beat_and_after_silence():
    device = StopDevices(0.3)
    assert not device.alive(0.0)
    device.beat(1, 1.0)
    assert device.alive(1.29)
    assert not device.alive(1.31) and "estop_heartbeat" in device.trouble(1.31)


def test_a_counter_that_stands_still_is_no_heartbeat():
    device = StopDevices(0.3)
    device.beat(7, 1.0)
    device.beat(7, 1.2)
    assert not device.alive(1.4)
    device.beat(8, 1.4)
    assert device.alive(1.5)
