from tests.harness.member import Member

def test_a(people: dict[str, Member]) -> None:
    for name, one in people.items():
        a = one.get("/p/room"); print(name, a.status_code)
    assert 0
