"""The service behind a real reverse proxy on loopback, under a path prefix that the proxy strips or passes on."""

from __future__ import annotations

import contextlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urljoin

import httpx
import pytest
from playwright.sync_api import expect

from tests.serve.browser import SENTENCE, chips, open_page
from tests.serve.conftest import CLIENT, KEY, serving
from tiankong.errors import OptionError
from tiankong.serve.app import LABELS, PUBLIC_LABELS
from tiankong.serve.limits import Limits
from tiankong.serve.proxies import parse_root_path, parse_trusted_proxies, strip_prefix
from tiankong.serve.server import serve
from tiankong.serve.settings import Settings

PREFIX = "/nlp/tiankong"


@contextlib.contextmanager
def proxying(server_url, prefix, *, strips):
    """A reverse proxy that publishes a server below a prefix, and nothing else; yields the address of the prefix."""

    class Handler(BaseHTTPRequestHandler):
        def forward(self):
            if not (self.path.split("?")[0] + "/").startswith(f"{prefix}/"):
                self.send_error(404)
                return
            path = (self.path.removeprefix(prefix) or "/") if strips else self.path
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {**self.headers, "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
            answer = CLIENT.request(self.command, server_url + path, content=body, headers=headers)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name not in {"date", "connection", "transfer-encoding"}:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_HEAD = do_POST = do_OPTIONS = forward

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{proxy.server_port}{prefix}"
        proxy.shutdown()
        thread.join(10)


@pytest.fixture(scope="module")
def prefixed():
    """A server with the built-in model that is published under the prefix."""
    with serving("--threads", 1, "--root-path", PREFIX) as running:
        yield running


@pytest.fixture(scope="module", params=[True, False], ids=["stripping", "passing-on"])
def published(prefixed, request):
    """Its address behind a proxy."""
    with proxying(prefixed.url, PREFIX, strips=request.param) as url:
        yield url


def linked(url):
    """The addresses that an HTML page loads."""
    page = CLIENT.get(url)
    assert page.status_code == 200
    base = re.search(r'<base href="([^"]+)"', page.text)
    base_url = urljoin(url, base[1]) if base else url
    return [urljoin(base_url, path) for path in re.findall(r"(?:(?:href|src)=\"|url: ')([^\"'#][^\"']*)", page.text)]


@pytest.mark.parametrize("path", ["", "/", "/docs"])
def test_pages_load_everything_from_below_the_prefix(published, path):
    addresses = linked(published + path)
    assert len(addresses) >= 3
    for address in addresses:
        assert address.startswith(f"{published}/")
        assert CLIENT.get(address).status_code == 200, address


def test_the_document_names_the_prefix_as_its_server(published):
    document = CLIENT.get(f"{published}/openapi.json").json()
    assert document["servers"] == [{"url": PREFIX}]
    server_url = urljoin(published, document["servers"][0]["url"])
    assert CLIENT.post(f"{server_url}/fill", json={"inputs": SENTENCE}).status_code == 200


def test_the_server_answers_without_the_prefix_as_well(prefixed):
    """Probes reach it past the proxy."""
    assert prefixed.get("/health").json() == prefixed.get(f"{PREFIX}/health").json() == {"status": "alive"}
    for path in (f"{PREFIX}x/health", f"{PREFIX}{PREFIX}/health", f"{PREFIX}/{PREFIX}", "/nlp"):
        assert prefixed.get(path).status_code == 404


def test_metrics_and_log_name_the_route_without_the_prefix(prefixed):
    before = len(prefixed.lines)
    prefixed.get(f"{PREFIX}/ready", headers={"X-Request-Id": "prefixed1"})
    assert '"route": "/ready"' in prefixed.wait_for("prefixed1")
    assert PREFIX not in "".join(prefixed.lines[before:])
    assert PREFIX not in prefixed.get(f"{PREFIX}/metrics").text
    assert 'route="/ready"' in prefixed.get("/metrics").text


def test_the_prefix_opens_no_way_past_the_key(model_folder):
    options = ("--threads", 1, "--root-path", "a/", "--api-key", "sesame", "--allow-origin", "http://good.example")
    with serving("--model", model_folder, *options) as server:
        for prefix in ("", "/a"):
            for label in LABELS - {"/page/", "/docs/files/"}:
                answered = server.get(prefix + label).status_code != 401
                assert answered == (label in PUBLIC_LABELS), prefix + label
            response = server.get(f"{prefix}/info", headers={**KEY, "Origin": "http://good.example"})
            assert response.status_code == 200
            assert response.headers["access-control-allow-origin"] == "http://good.example"


def test_without_the_option_pages_still_load_behind_a_stripping_proxy(server):
    with proxying(server.url, PREFIX, strips=True) as url:
        for path in ("/", "/docs"):
            for address in linked(url + path):
                assert address.startswith(f"{url}/")
                assert CLIENT.get(address).status_code == 200, address


def test_a_redirect_keeps_the_scheme_and_the_prefix(published):
    location = CLIENT.get(f"{published}/docs/").headers["location"]
    assert location == f"{published}/docs".replace("http://", "https://")


@pytest.mark.parametrize(
    ("trusted", "scheme"),
    [("none", "http"), ("10.0.0.0/8", "http"), ("192.0.2.1,127.0.0.0/8", "https"), ("*", "https")],
)
def test_only_trusted_proxies_are_believed(model_folder, trusted, scheme):
    environment = {"TIANKONG_FORWARDED_ALLOW_IPS": trusted}
    with serving("--model", model_folder, "--threads", 1, environment=environment) as server:
        location = server.get("/docs/", headers={"X-Forwarded-Proto": "https"}).headers["location"]
        assert httpx.URL(location).scheme == scheme
        assert httpx.URL(location).path == "/docs"
        location = server.get("/docs/", headers={"X-Forwarded-Proto": "javascript"}).headers["location"]
        assert httpx.URL(location).scheme == "http"


def test_people_use_both_pages_behind_a_proxy(page, published):
    open_page(page, published, SENTENCE)
    assert chips(page)
    page.goto(f"{published}#text={SENTENCE}")
    assert chips(page)
    page.goto(f"{published}/docs")
    page.locator("#operations-default-health_health_get").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    expect(page.locator(".request-url")).to_contain_text(f"{published}/health")


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        ("", ""),
        ("/", ""),
        ("/a", "/a"),
        ("a", "/a"),
        ("/a/", "/a"),
        ("/api/v1.2/tian-kong_~", "/api/v1.2/tian-kong_~"),
        *(
            (text, None)
            for text in ("/a b", "/a//b", "/..", "/a/.", "/填空", "/a?b", "/a#b", "/%61", "//a.example:80", '/"')
        ),
    ],
)
def test_the_forms_of_a_prefix(text, prefix):
    if prefix is None:
        with pytest.raises(OptionError, match="is not a plain path"):
            parse_root_path(text)
    else:
        assert parse_root_path(text) == prefix


@pytest.mark.parametrize("label", sorted(LABELS - {"/"}))
def test_a_prefix_that_is_a_path_of_the_service_is_refused(label):
    with pytest.raises(OptionError, match="also a path of the service"):
        serve(Settings("reviews-zh", root_path=parse_root_path(label)), Limits())


@pytest.mark.parametrize(
    ("text", "proxies"),
    [
        ("127.0.0.1", "127.0.0.1"),
        (" 10.0.0.7 , 10.1.0.0/16,fd00::/8 ,::1,", "10.0.0.7,10.1.0.0/16,fd00::/8,::1"),
        ("*", "*"),
        ("none", ""),
        ("", ""),
        *((text, None) for text in ("proxy", "10.0.0.1/8", "10.0.0", "*,10.0.0.1", "10.0.0.1;10.0.0.2", "none,::1")),
    ],
)
def test_the_forms_of_trusted_proxies(text, proxies):
    if proxies is None:
        with pytest.raises(OptionError, match="is not an address or a network"):
            parse_trusted_proxies(text)
    else:
        assert parse_trusted_proxies(text) == proxies


@pytest.mark.parametrize(
    ("path", "below"), [("/a", "/"), ("/a/", "/"), ("/a/b", "/b"), ("/a/a/b", "/a/b"), ("/ab", "/ab"), ("/b/a", "/b/a")]
)
def test_a_prefix_is_stripped_once_and_whole(path, below):
    assert strip_prefix(path, "/a") == below
