"""What dies is started again, each time later; what dies ten times in a minute ends everything."""

import itertools
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from ingest.core.errors import BrokerUnavailable, ServiceFailed
from ingest.core.settings import Settings
from ingest.operations.child import Child, lives, start_child
from ingest.operations.supervisor import Death, Supervisor
from tests.e2e.live_stack import awaited

SPAWNS = "import subprocess, time; subprocess.Popen(['sleep', '600']); print('spawned', flush=True); "
SPAWNS += "time.sleep(600)"
SPEAKS_AND_ENDS = "print('\\x1b[2Jno such exchange'); raise SystemExit(3)"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(tickhouse_home=tmp_path)
    settings.dagster_home.mkdir()
    return settings


@dataclass
class Mortal:
    """Dead for as long as it is told so."""

    log_path: Path = Path("nowhere")
    name: str = "mortal"
    is_dead: bool = True
    starts: list[float] = field(default_factory=list)
    now: float = 0.0

    def death(self) -> Death | None:
        return Death("was killed by SIGKILL", is_violent=True) if self.is_dead else None

    def start_again(self) -> None:
        self.starts.append(self.now)


def watched(part: Mortal) -> Supervisor:
    supervisor = Supervisor(clock=lambda: part.now)
    supervisor.watch(part)
    return supervisor


def lived_through(part: Mortal, seconds: int) -> None:
    supervisor = watched(part)
    for tick in range(seconds * 10):
        part.now = tick / 10
        supervisor.news()


def test_pauses_grow_and_the_tenth_death_in_a_minute_is_the_last() -> None:
    part = Mortal()
    with pytest.raises(ServiceFailed, match="The mortal was killed by SIGKILL, for the tenth time in a min"):
        lived_through(part, seconds=60)
    assert len(part.starts) == 9
    pauses = [later - earlier for earlier, later in itertools.pairwise(part.starts)]
    assert pauses[0] < 1
    assert 3 <= pauses[-1] < 4


def test_one_death_now_and_then_is_started_again_for_ever() -> None:
    class NowAndThen(Mortal):
        def death(self) -> Death | None:
            self.is_dead = self.now % 10 == 0
            return super().death()

    part = NowAndThen()
    lived_through(part, seconds=1000)
    assert len(part.starts) == 100


def test_a_start_that_fails_is_a_death_that_can_be_mended() -> None:
    class AwayAtFirst(Mortal):
        def start_again(self) -> None:
            super().start_again()
            if len(self.starts) == 1:
                raise BrokerUnavailable("No broker.")
            self.is_dead = False

    part = AwayAtFirst()
    supervisor = watched(part)
    said: list[str] = []
    for tick in range(20):
        part.now = float(tick)
        said += supervisor.news()
    assert said == [
        "The mortal was killed by SIGKILL. It is started again in 0.2 s.",
        "The mortal did not come up (No broker). It is started again in 0.5 s.",
        "The mortal runs again.",
    ]


def ended(child: Child) -> None:
    child.process.wait(30)


def test_a_child_that_cannot_work_ends_the_start_at_once_with_its_last_lines(settings: Settings) -> None:
    child = start_child("feed", ["python", "-c", SPEAKS_AND_ENDS], settings)
    ended(child)
    supervisor = Supervisor()
    supervisor.watch(child)
    with pytest.raises(ServiceFailed) as failed:
        supervisor.news(is_starting=True)
    assert "The feed ended with code 3" in str(failed.value)
    assert "\\x1b[2Jno such exchange" in str(failed.value), "and no escape reaches the terminal"


def test_a_child_that_crashes_again_and_again_ends_it_with_its_last_lines(settings: Settings) -> None:
    child = start_child("daemon", ["python", "-c", "raise SystemExit('out of order')"], settings)
    clock = itertools.count(step=0.5)
    supervisor = Supervisor(clock=lambda: next(clock))
    supervisor.watch(child)
    said: list[str] = []

    def look_on() -> None:
        while True:
            said.extend(supervisor.news())
            ended(child)

    with pytest.raises(ServiceFailed, match=r"(?s)tenth time in a minute.*out of order"):
        look_on()
    assert said.count("The daemon runs again.") == 9
    assert child.log_path.read_text().count("is started again ---") == 9


def test_a_child_that_comes_to_a_good_end_stays_there(settings: Settings) -> None:
    child = start_child("feed", ["python", "-c", ""], settings, may_finish=True)
    ended(child)
    supervisor = Supervisor()
    supervisor.watch(child)
    assert supervisor.news() == []
    assert child.death() is None


def test_what_a_killed_child_had_started_ends_with_the_next(settings: Settings) -> None:
    child = start_child("code server", ["python", "-c", SPAWNS], settings)
    awaited("its child", lambda: "spawned" in child.log_path.read_text())
    (orphan,) = psutil.Process(child.process.pid).children()
    os.kill(child.process.pid, signal.SIGKILL)
    ended(child)
    child.start_again()
    assert lives(orphan), "a run goes on without its code server"
    child.stop()
    assert not lives(orphan)
