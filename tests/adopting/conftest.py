"""These tests read databases in this process, by connections of their own."""

from tests.recording.conftest import _connections_allowed as _connections_allowed
