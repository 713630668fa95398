"""The description agrees with what the server does."""

from fast_style.web import Limits, openapi, options


def test_every_option_is_described_where_it_is_taken():
    paths = openapi.describe(Limits())["paths"]
    for path, table in (("/api/paint", options.PAINT), ("/api/enlarge", options.ENLARGE)):
        post = paths[path]["post"]
        assert [one["name"] for one in post["parameters"]] == [option.name for option in table]
        form = post["requestBody"]["content"]["multipart/form-data"]["schema"]
        assert set(form["properties"]) == {"image", *(option.name for option in table)}
        assert {"200", "400", "404", "413", "415", "429"} <= set(post["responses"])


def test_every_reference_leads_somewhere():
    described = openapi.describe(Limits())
    schemas = described["components"]["schemas"]

    def references(part):
        if isinstance(part, dict):
            if "$ref" in part:
                yield part["$ref"]
            part = list(part.values())
        if isinstance(part, list):
            for one in part:
                yield from references(one)

    found = set(references(described))
    assert found == {f"#/components/schemas/{name}" for name in schemas}


def test_the_styles_are_as_described(client):
    schema = openapi.describe(Limits())["components"]["schemas"]["Styles"]["properties"]
    answer = client().get("/api/styles").json()
    for network in answer["networks"]:
        assert set(network) == set(schema["networks"]["items"]["required"])
        for style in network["styles"]:
            assert set(style) == set(
                schema["networks"]["items"]["properties"]["styles"]["items"]["required"]
            )
    assert set(answer["limits"]) == set(schema["limits"]["required"])
