"""What follows the brackets of a CREATE TABLE, as either server prints it."""

from __future__ import annotations

import pytest

from nestflux.sql.table_options import OptionParts, option_parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", OptionParts()),
        ("ENGINE=InnoDB", OptionParts("InnoDB")),
        (
            "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_bin COMMENT='it''s = 5'",
            OptionParts("InnoDB", "'it''s = 5'", "DEFAULT CHARSET=latin1 COLLATE=latin1_bin"),
        ),
        (
            "engine=Aria ROW_FORMAT=DYNAMIC comment='PARTITION BY x'",
            OptionParts("Aria", "'PARTITION BY x'", "ROW_FORMAT=DYNAMIC"),
        ),
        (
            "ENGINE=InnoDB\n/*!50100 PARTITION BY HASH (`id`) */",
            OptionParts("InnoDB", partitions="/*!50100 PARTITION BY HASH (`id`) */"),
        ),
        (
            "ENGINE=InnoDB /*!80016 ENCRYPTION='Y' */ PARTITION BY HASH (`id`)\nPARTITIONS 2",
            OptionParts(
                "InnoDB",
                more="/*!80016 ENCRYPTION='Y' */",
                partitions="PARTITION BY HASH (`id`)\nPARTITIONS 2",
            ),
        ),
    ],
)
def test_options_are_taken_apart(text: str, parts: OptionParts) -> None:
    assert option_parts(text) == parts


def test_options_inside_the_comments_that_mysql_reads_are_read() -> None:
    options = (
        "ENGINE=InnoDB DEFAULT CHARSET=latin1 COMMENT='PARTITION = 5' /*!80016 ENCRYPTION='Y' */ "
        "/*!50100 PARTITION BY RANGE (`id`)\n(PARTITION a VALUES LESS THAN (5)) */"
    )

    parts = option_parts(options)

    assert parts.settings == {
        "ENGINE": "InnoDB",
        "CHARSET": "latin1",
        "COMMENT": "'PARTITION = 5'",
        "ENCRYPTION": "'Y'",
    }
    assert parts.partitioning == "PARTITION BY RANGE (`id`) (PARTITION a VALUES LESS THAN (5))"


# As MariaDB 10.11 and MySQL 9.7 print them.
@pytest.mark.parametrize(
    ("text", "settings", "partitioning"),
    [
        ("", {}, ""),
        (
            "ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci MAX_ROWS=9 "
            "ROW_FORMAT=COMPRESSED COMMENT='it''s = 5'\n PARTITION BY HASH (`id`)\nPARTITIONS 2",
            {
                "ENGINE": "InnoDB",
                "CHARSET": "latin1",
                "COLLATE": "latin1_swedish_ci",
                "MAX_ROWS": "9",
                "ROW_FORMAT": "COMPRESSED",
                "COMMENT": "'it''s = 5'",
            },
            "PARTITION BY HASH (`id`) PARTITIONS 2",
        ),
        (
            "ENGINE=InnoDB COMMENT='*/ PARTITION BY' WITH SYSTEM VERSIONING\n PARTITION BY "
            "SYSTEM_TIME \n(PARTITION `p0` HISTORY COMMENT = 'x*/' ENGINE = InnoDB)",
            {"ENGINE": "InnoDB", "COMMENT": "'*/ PARTITION BY'", "WITH SYSTEM VERSIONING": ""},
            "PARTITION BY SYSTEM_TIME (PARTITION `p0` HISTORY COMMENT = 'x*/' ENGINE = InnoDB)",
        ),
        (
            "ENGINE=InnoDB PACK_KEYS=1 CHECKSUM=1 `PAGE_COMPRESSED`='1' `ENCRYPTED`='NO'",
            {
                "ENGINE": "InnoDB",
                "PACK_KEYS": "1",
                "CHECKSUM": "1",
                "PAGE_COMPRESSED": "'1'",
                "ENCRYPTED": "'NO'",
            },
            "",
        ),
        (
            "ENGINE=MRG_MyISAM UNION=(`u`,`v`) ROW_FORMAT=FIXED",
            {"ENGINE": "MRG_MyISAM", "UNION": "(`u`,`v`)", "ROW_FORMAT": "FIXED"},
            "",
        ),
        (
            "/*!80023 AUTOEXTEND_SIZE=4194304 */ ENGINE=InnoDB DATA DIRECTORY='/tmp/'",
            {"AUTOEXTEND_SIZE": "4194304", "ENGINE": "InnoDB", "DATA DIRECTORY": "'/tmp/'"},
            "",
        ),
        (
            "ENGINE=InnoDB\n/*!50500 PARTITION BY RANGE  COLUMNS(id)\n(PARTITION a VALUES LESS "
            "THAN (5) COMMENT = 'a */ b' ENGINE = InnoDB) */",
            {"ENGINE": "InnoDB"},
            "PARTITION BY RANGE COLUMNS(id) (PARTITION a VALUES LESS THAN (5) "
            "COMMENT = 'a */ b' ENGINE = InnoDB)",
        ),
    ],
)
def test_options_by_name(text: str, settings: dict[str, str], partitioning: str) -> None:
    parts = option_parts(text)

    assert (parts.settings, parts.partitioning) == (settings, partitioning)
