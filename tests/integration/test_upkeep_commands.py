"""The upkeep commands as a person types them, with and without a running server."""

import asyncio
import json

from sync_server.service.storage.connection import connect

from .process import ServerProcess, welkom


async def typed(*arguments) -> tuple[int, str]:
    """Runs a command. Returns the exit code and the output."""
    done = await asyncio.to_thread(welkom, *arguments)
    return done.returncode, done.stdout + done.stderr


async def test_a_store_is_backed_up_restored_and_verified_by_command(house, tmp_path):
    data = ("--data", house.data_dir.path)
    server = await ServerProcess(house.data_dir.path).start()
    try:
        code, said = await typed("backup", tmp_path / "b", *data)
        assert (code, said.startswith("Made and verified ")) == (0, True), said
        code, said = await typed("restore", tmp_path / "b", "--replace", *data)
        assert code == 1
        assert "a server is running on this folder" in said
        assert await typed("verify", *data) == (0, f"{house.data_dir.store}: sound\n")
        code, said = await typed("doctor", "--json", *data)
        assert code == 1
        found = [finding["about"] for finding in json.loads(said)["findings"]]
        assert "phones" in found
        assert "server" not in found
    finally:
        await server.stop()
    code, said = await typed("restore", tmp_path / "b", *data)
    assert code == 1
    assert "say --replace" in said
    code, said = await typed("restore", tmp_path / "b", "--replace", *data)
    assert code == 0
    assert "The store that was there is in" in said
    assert "no server runs here" in (await typed("doctor", *data))[1]


async def test_a_store_that_is_not_sound_ends_the_command_with_1(folder):
    db = connect(folder.store)
    db.execute("INSERT INTO ops VALUES ('a', zeroblob(16), 'no_such_code', NULL, 1)")
    db.close()
    code, said = await typed("verify", "--json", "--data", folder.path)
    report = json.loads(said)
    assert (code, report["ok"]) == (1, False)
    assert [finding["about"] for finding in report["findings"]] == ["ops"]
    assert "welkom restore" in report["findings"][0]["text"]
    code, said = await typed("backup", folder.path / "b", "--data", folder.path)
    assert code == 1
    assert "not sound" in said
