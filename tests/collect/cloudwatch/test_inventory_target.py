"""What may stand beside `use: cloudwatch`, and how a wrong entry is refused."""

from __future__ import annotations

import pydantic
import pytest

from metrics.collect._cloudwatch.target import KINDS, Target
from metrics.faults import faults


@pytest.mark.parametrize(
    ("keys", "kind", "names"),
    [
        ({"rds_cluster": "aurora-main"}, "rds_cluster", ("aurora-main",)),
        ({"ec2_instances": ["i-1", "i-2"]}, "ec2_instances", ("i-1", "i-2")),
        ({"ec2_instances": "i-1"}, "ec2_instances", ("i-1",)),
        ({"ec2_tag": "Name=web-*"}, "ec2_tag", ("Name=web-*",)),
        ({"ses": True}, "ses", ("True",)),
        ({"ses": "newsletters"}, "ses", ("newsletters",)),
        ({"function": "resume-parser"}, "function", ("resume-parser",)),
        ({"lambda_functions": ["a", "b"]}, "lambda_functions", ("a", "b")),
        ({"load_balancer": "app/web/50dc6c495c0c9188", "target_group": "api"}, "load_balancer", ("app/web/50dc6c495c0c9188",)),
    ],
)  # fmt: skip
def test_one_key_says_what_it_is(keys: dict[str, object], kind: str, names: tuple[str, ...]):
    it = Target(component="it", **keys)
    assert (it.kind, it.names) == (kind, names)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "it does not say what it is in AWS; write one of rds_cluster, rds_instance, ec2_instances"),
        ({"rds_cluster": "a", "bucket": "b"}, "rds_cluster and bucket are two things; write an entry for each of them"),
        ({"bucket": "a", "target_group": "b"}, "target_group belongs to load_balancer, not to bucket"),
        ({"bucket": "a", "slow_queries": True}, "slow_queries belongs to rds_cluster and rds_instance, not to bucket"),
        ({"bucket": "a", "local_storage": "1GiB"}, "local_storage belongs to rds_cluster and rds_instance, not to bucket"),
        ({"ses": False}, "ses is true for the whole account, or the name of a configuration set"),
        ({"ec2_tag": "web"}, "ec2_tag is 'web'"),
        ({"ec2_instances": []}, "ec2_instances is a list"),
        ({"rds_cluster": "a", "local_storage": "much"}, "local_storage is wrong: 'much' is no size; write a number of bytes"),
        ({"rds_cluster": "a", "max_connections": 0}, "max_connections is wrong: Input should be greater than 0"),
        ({"rds_clutser": "a"}, "rds_clutser is no key here; did you mean rds_cluster?"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_refused_with_what_to_write(keys: dict[str, object], said: str):
    with pytest.raises(pydantic.ValidationError) as refused:
        Target(component="it", **keys)
    texts = [
        f"{'.'.join(map(str, each.key))} {each.says}"
        for each in faults(refused.value, Target, {"component": "it", **keys})
    ]
    assert any(said in text for text in texts), texts


def test_sizes_are_written_as_people_write_them():
    assert Target(component="it", rds_cluster="a", local_storage="32 GiB").local_storage == 32 * 2**30


def test_every_kind_is_a_key():
    assert set(KINDS) <= Target.model_fields.keys()
