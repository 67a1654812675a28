"""Into the account: credentials, what AWS says when it refuses, and what comes of a bad line."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta

import httpx
import pytest

from metrics.collect import http as polite
from metrics.collect._cloudwatch import session
from metrics.collect._cloudwatch.session import Access, Account, NotAllowedError, RefusedError
from metrics.collect.http import Budget, client
from metrics.errors import BudgetSpentError, SourceError
from tests.collect.cloudwatch.asked import account
from tests.collect.cloudwatch.aws_json_server import JSON, KEY, SECRET, USER, Cloud, Fault, running

IDENTITY = "sts:GetCallerIdentity"
THROTTLED = Fault(400, b'{"__type": "com.amazonaws#ThrottlingException", "message": "Rate exceeded"}')


@pytest.fixture
def cloud(monkeypatch) -> Iterator[Cloud]:
    monkeypatch.setattr(polite, "FIRST_S", 0.001)
    with running() as cloud:
        yield cloud


@pytest.fixture(autouse=True)
def nobody(monkeypatch, tmp_path):
    """No credentials but those that a test gives, and nowhere else to look for some."""
    for name in (
        "AWS_PROFILE",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_DEFAULT_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def who(it: Account) -> str:
    return it.asked(it.client("sts").get_caller_identity, IDENTITY)["Arn"]


def listed(it: Account) -> Mapping[str, object]:
    return it.asked(it.client("cloudwatch").list_metrics, "cloudwatch:ListMetrics")


def use_keys(tmp_path, key: str, secret: str) -> None:
    (tmp_path / "credentials").write_text(f"[batch]\naws_access_key_id={key}\naws_secret_access_key={secret}\n")


def test_boto3_signs_and_our_client_sends(cloud):
    """The server reckons the signature itself: nothing that was signed is changed on the way."""
    assert who(account(cloud)) == USER
    assert who(account(cloud, region="eu-central-1")) == USER


def test_a_clients_region_is_the_accounts_unless_another_is_asked_for(cloud):
    it = account(cloud)
    assert it.region == "eu-west-1"
    assert it.client("cloudwatch") is it.client("cloudwatch", "eu-west-1")
    assert it.client("cloudwatch", "us-east-1").meta.region_name == "us-east-1"


def test_the_budget_counts_what_boto3_sends_and_passes_when_it_is_spent(cloud):
    with client(budget=Budget(1, per_second=1e6)) as http:
        access = Access(region="eu-west-1", endpoint_url=cloud.url, access_key_id=KEY, secret_access_key=SECRET)
        it = Account(access, http)
        assert who(it) == USER
        with pytest.raises(BudgetSpentError):
            who(it)


def test_throttling_is_waited_out(cloud):
    busy = [Fault(429, b"{}"), Fault(503, b"{}", headers={"Retry-After": "0"})]
    cloud.faults = [THROTTLED, THROTTLED, *busy, Fault(body=b'{"Metrics": []}')]
    assert listed(account(cloud))["Metrics"] == []
    assert len(cloud.calls) == 5


def test_throttling_without_an_end_is_given_up_after_six_tries(cloud):
    cloud.faults = [THROTTLED] * 9
    with pytest.raises(SourceError, match=r"cloudwatch:ListMetrics is throttled \(ThrottlingException\)") as caught:
        listed(account(cloud))
    assert caught.value.retryable
    assert len(cloud.calls) == 6


def test_a_server_that_stays_broken_is_a_fault_of_the_whole_source(cloud):
    cloud.faults = [Fault(500, b'{"__type": "InternalFailure", "message": "oh"}')] * 6
    with pytest.raises(SourceError, match="with 500 InternalFailure again and again: oh") as caught:
        listed(account(cloud))
    assert caught.value.retryable
    assert not isinstance(caught.value, RefusedError)
    assert len(cloud.calls) == 6


def test_a_call_that_may_not_be_made_names_the_permission_and_who_lacks_it(cloud):
    cloud.denied = {"cloudwatch:ListMetrics"}
    with pytest.raises(NotAllowedError) as caught:
        listed(account(cloud))
    assert str(caught.value) == f"cloudwatch:ListMetrics is not allowed for {USER}: add it to the policy"
    assert (caught.value.action, caught.value.principal, caught.value.retryable) == (
        "cloudwatch:ListMetrics",
        USER,
        False,
    )


def test_an_explicit_denial_is_not_mended_by_adding_to_the_policy(cloud):
    said = f"User: {USER} is not authorized to perform: cloudwatch:ListMetrics with an explicit deny in a service control policy"
    cloud.faults = [Fault(403, f'{{"__type": "AccessDeniedException", "message": "{said}"}}'.encode())]
    with pytest.raises(NotAllowedError, match="a policy denies it explicitly, so ask whoever keeps it"):
        listed(account(cloud))


def test_a_call_that_is_refused_keeps_awss_own_word(cloud):
    cloud.faults = [Fault(400, b'{"__type": "com.amazonaws#InvalidParameterValue", "message": "no such thing"}')]
    with pytest.raises(RefusedError, match="ListMetrics was refused: InvalidParameterValue: no such thing") as caught:
        listed(account(cloud))
    assert (caught.value.code, caught.value.retryable) == ("InvalidParameterValue", False)


def test_a_value_that_botocore_refuses_costs_no_call(cloud):
    it = account(cloud)
    with pytest.raises(RefusedError, match="Invalid length for parameter Namespace"):
        it.asked(it.client("cloudwatch").list_metrics, "cloudwatch:ListMetrics", Namespace="")
    assert cloud.calls == []


def test_expired_credentials_are_read_anew_once(cloud, tmp_path):
    use_keys(tmp_path, KEY, SECRET)
    it = account(cloud, access_key_id=None, secret_access_key=None, profile="batch")
    call = it.client("sts").get_caller_identity
    assert it.asked(call, IDENTITY)["Arn"] == USER
    cloud.expired, cloud.keys["AKIANEW"] = {KEY}, "new"
    use_keys(tmp_path, "AKIANEW", "new")
    assert it.asked(call, IDENTITY)["Arn"] == USER
    assert len(cloud.calls) == 3
    assert it.asked(call, IDENTITY)["Arn"] == USER
    assert len(cloud.calls) == 4


def test_expired_credentials_without_newer_ones_end_it_after_one_more_try(cloud):
    cloud.expired = {KEY}
    with pytest.raises(SourceError, match=r"have expired \(ExpiredTokenException\) and there are no newer") as caught:
        who(account(cloud))
    assert not caught.value.retryable
    assert len(cloud.calls) == 2


def test_a_role_is_assumed_and_assumed_again_when_its_hour_is_over(cloud):
    it = account(cloud, role_arn="arn:aws:iam::123456789012:role/reader", external_id="ours")
    assert who(it) == USER
    cloud.expired = {"ASIA1"}
    assert who(it) == USER
    assumed = [form for call, form in cloud.calls if call == "AssumeRole"]
    assert [(form["RoleArn"], form["ExternalId"]) for form in assumed] == [(it.access.role_arn, "ours")] * 2


def test_a_role_that_may_not_be_assumed_is_named(cloud):
    cloud.denied = {"sts:AssumeRole"}
    it = account(cloud, role_arn="arn:aws:iam::123456789012:role/reader")
    with pytest.raises(
        SourceError, match="role/reader can't be assumed: sts:AssumeRole is not allowed for"
    ) as caught:
        who(it)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"access_key_id": "AKIAWRONG"}, "AWS does not know these credentials"),
        ({"secret_access_key": "wrong"}, "the signature does not fit: check `secret_access_key`"),
        ({"access_key_id": None, "secret_access_key": None}, "there are no AWS credentials"),
        ({"access_key_id": None, "secret_access_key": None, "profile": "nope"}, "profile .nope. could not be found"),
        ({"region": None}, "no region is known: set `region`"),
    ],
)
def test_wrong_credentials_are_a_fault_of_the_whole_source(cloud, keys, said):
    with pytest.raises(SourceError, match=said) as caught:
        who(account(cloud, **keys))
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("ahead", "said"), [(timedelta(minutes=20), r"20 min behind"), (-timedelta(hours=2), "120 min ahead")]
)
def test_a_clock_that_is_off_is_said_to_be(cloud, ahead, said):
    cloud.ahead = ahead
    with pytest.raises(
        SourceError, match=rf"this machine's clock differs too much from AWS's \(it is {said}\)"
    ) as caught:
        who(account(cloud))
    assert not caught.value.retryable


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "InvalidSignatureException", "RequestExpired"])
def test_awss_words_for_a_clock_that_is_off(cloud, code):
    text = f'{{"__type": "{code}", "message": "Signature expired: now earlier than"}}'.encode()
    cloud.faults = [Fault(403, text)] * 2
    with pytest.raises(SourceError, match="this machine's clock differs too much"):
        listed(account(cloud))


def test_a_cut_reply_is_asked_for_again_and_then_given_up(cloud):
    cloud.faults = [Fault(cut=True)] * 2
    assert who(account(cloud)) == USER
    cloud.faults = [Fault(cut=True)] * 6
    with pytest.raises(SourceError, match="AWS can't be reached: RemoteProtocolError") as caught:
        who(account(cloud))
    assert caught.value.retryable


def test_a_slow_server_is_given_up(cloud, monkeypatch):
    monkeypatch.setattr(polite, "READ_S", 0.05)
    cloud.faults = [Fault(seconds=0.2)] * 6
    with pytest.raises(SourceError, match="AWS can't be reached: ReadTimeout"):
        who(account(cloud))


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b'{"Metrics": [', JSON, "which is not what AWS answers: check `endpoint_url`"),
        (b"<html>log in first</html>", "text/html", "'<html>log in first</html>', which is not what AWS answers"),
        (b"<a/>", "text/xml", "which is not what AWS answers"),
        (b"null", JSON, "which is not what AWS answers"),
        (b"", JSON, "which is not what AWS answers"),
        (b'{"Metrics": 7}', JSON, "something impossible"),
        (b'{"Metrics": [7]}', JSON, "something impossible"),
    ],
)
def test_a_reply_that_is_no_answer_is_a_fault_and_not_an_empty_one(cloud, body, kind, said):
    cloud.faults = [Fault(body=body, kind=kind)]
    with pytest.raises(SourceError, match=said) as caught:
        listed(account(cloud))
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<a><b></a>", "can't be read"),
        (b"<!DOCTYPE html><html/>", "which is not what AWS answers"),
        (b"", "which is not what AWS answers"),
    ],
)
def test_xml_that_is_no_answer_is_a_fault(cloud, body, said):
    cloud.faults = [Fault(body=body, kind="text/xml")]
    with pytest.raises(SourceError, match=said):
        who(account(cloud))


@pytest.mark.parametrize("status", [302, 403, 404])
def test_an_answer_of_something_that_is_not_aws_is_a_fault_of_the_whole_source(cloud, status):
    cloud.faults = [Fault(status, b"<h1>no</h1>", "text/html", {"Location": f"{cloud.url}/elsewhere"})]
    with pytest.raises(SourceError, match=f"with HTTP {status} by something that is not AWS") as caught:
        listed(account(cloud))
    assert not isinstance(caught.value, RefusedError)
    assert len(cloud.calls) == 1


def test_an_address_where_nobody_answers(cloud):
    it = account(cloud, endpoint_url="http://127.0.0.1:1")
    with pytest.raises(SourceError, match="AWS can't be reached: ConnectError"):
        who(it)


def test_pages_are_asked_for_through_the_same_door(cloud):
    page = b'{"Metrics": [{"MetricName": "a"}], "NextToken": "more"}'
    cloud.faults = [Fault(body=page), THROTTLED, Fault(body=b'{"Metrics": [{"MetricName": "b"}]}')]
    it = account(cloud)
    pages = list(it.pages(it.client("cloudwatch").list_metrics, "cloudwatch:ListMetrics"))
    assert [each["Metrics"][0]["MetricName"] for each in pages] == ["a", "b"]
    assert [call.get("NextToken") for _, call in cloud.calls] == [None, "more", "more"]


def test_the_secret_is_in_no_error_and_no_log(cloud, caplog):
    caplog.set_level(logging.INFO)
    cloud.denied = {"cloudwatch:ListMetrics"}
    it = account(cloud)
    with pytest.raises(SourceError) as caught:
        listed(it)
    cloud.faults = [Fault(cut=True)] * 6
    with pytest.raises(SourceError) as cut:
        listed(it)
    assert SECRET not in f"{caught.value!r}{cut.value!r}{it.access!r}{caplog.text}"


def test_boto3_is_imported_only_when_an_account_is_opened():
    assert not {"boto3", "botocore"} & set(vars(session))


def test_what_is_signed_is_sent_as_it_is_also_where_httpx_would_write_it_otherwise(cloud):
    from botocore.awsrequest import AWSRequest

    from metrics.collect._cloudwatch.wire import sender

    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, text="<ok/>")

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        asked = AWSRequest(
            "GET", "http://127.0.0.1/a%2Fb%3Ac/|?x=%7E&y=a'b", headers={"X-Amz-Date": b"now"}
        ).prepare()
        reply = sender(http)(asked)
    assert seen[0].extensions["target"] == b"/a%2Fb%3Ac/|?x=%7E&y=a'b"
    assert seen[0].headers["x-amz-date"] == "now"
    assert (reply.status_code, reply.content, reply.raw.read()) == (200, b"<ok/>", b"")
