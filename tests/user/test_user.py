"""The programs of tests/user pass on Linux, which makes them right, and on Astra.

They run in groups, one boot a group, so that the boots share the workers of the run.
"""
import pytest

import user_suite

GROUP_SIZE = 8
# A run with fewer tests than this has lost a part of them.
MINIMUM_TESTS = 530


def groups():
    names = user_suite.program_names()
    count = -(-len(names) // GROUP_SIZE)
    return [names[index::count] for index in range(count)]


def test_there_are_enough_tests_and_no_name_twice_in_a_program():
    total = 0
    for program in user_suite.program_names():
        names = user_suite.test_names(program)
        assert len(names) == len(set(names)), program
        total += len(names)
    assert total >= MINIMUM_TESTS, f"only {total} tests"


@pytest.mark.long
@pytest.mark.parametrize("kernel", ("linux", "astra"))
@pytest.mark.parametrize("group", groups(), ids=lambda names: f"{names[0]}-to-{names[-1]}")
def test_programs(group, kernel):
    outcomes, broken = user_suite.run(kernel, group)
    problems = []
    for program in group:
        problem = outcomes[program].problem() if program in outcomes else "was not started"
        if problem is None and len(outcomes[program].passed) != len(user_suite.test_names(program)):
            problem = "ran other tests than its source has"
        if problem:
            problems.append(f"{program}: {problem}")
    print(f"{kernel}: {sum(len(outcome.passed) for outcome in outcomes.values())} passed in {len(group)} programs")
    assert not problems, "\n".join(problems + broken)
    assert not broken, broken[0]
