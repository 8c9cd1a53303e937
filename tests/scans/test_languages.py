from __future__ import annotations

import pytest

from nightrun.scans import languages
from nightrun.scans.languages import LANGUAGES

# name: (test files, no test files, a test begins, an assertion, leaves tests out, cannot fail)
CASES = {
    "Python": (
        ["tests/test_a.py", "a_test.py", "conftest.py", "app/tests.py"],
        ["src/app.py", "tests/facts.py", "attest.py"],
        ["def test_a() -> None:", "    async def test_a(self):"],
        ["    assert x == 1", "    self.assertEqual(a, b)", "    with pytest.raises(ValueError):", "m.assert_called()"],
        [
            "@pytest.mark.skip",
            '@pytest.mark.skipif(True, reason="")',
            "    @unittest.skip('later')",
            "    pytest.skip('later')",
            "        self.skipTest('x')",
            "pytestmark = [pytest.mark.xfail]",
            "    pytest.param(1, marks=pytest.mark.skip),",
            "collect_ignore = ['test_a.py']",
            "@unittest.expectedFailure",
        ],
        [
            "    assert True",
            "assert 1, 'x'",
            "    assert x == 1 or True",
            "    assert a.b == a.b",
            "self.assertTrue(True)",
        ],
    ),
    "JavaScript": (
        ["src/a.test.ts", "a.spec.jsx", "src/__tests__/a.js", "test/a.mjs"],
        ["src/a.ts", "src/contest.js", "latest.js"],
        ["it('adds', () => {", "  test.each(rows)('x', () => {"],
        ["    expect(a).toBe(b)", "assert.equal(a, b)"],
        ["it.skip('x', () => {", "describe.only('x', () => {", "xit('x', f)", "  this.skip()", "test.todo('x')"],
        ["expect(true).toBe(true)", "  expect(1).toBeTruthy();", "assert.ok(true)", "assert.equal(1, 1)"],
    ),
    "Go": (
        ["pkg/a_test.go"],
        ["pkg/a.go", "test/a.go"],
        ["func TestAdd(t *testing.T) {", '\tt.Run("x", func(t *testing.T) {'],
        ['\tt.Errorf("x")', "\trequire.NoError(t, err)"],
        ['\tt.Skip("later")', "\tt.SkipNow()", "//go:build ignore"],
        ["\tassert.True(t, true)", "\trequire.Equal(t, 1, 1)"],
    ),
    "Rust": (
        ["src/lib.rs", "tests/a.rs"],
        ["Cargo.toml"],
        ["    #[test]", "#[tokio::test]"],
        ["    assert_eq!(a, b);", "assert!(ok)"],
        ["#[ignore]", '    #[ignore = "slow"]'],
        ["    assert!(true);", "assert_eq!(1, 1);"],
    ),
    "Java": (
        ["src/test/java/a/Helper.java", "app/CalcTest.kt", "TestCalc.java", "CalcIT.java"],
        ["src/main/java/Calc.java", "Contest.java"],
        ["    @Test", "@ParameterizedTest"],
        ["  assertEquals(1, add());", "assertThat(x).isTrue();", "verify(mock).call();"],
        ["    @Disabled", "@Ignore", "@DisabledOnOs(OS.WINDOWS)", "assumeTrue(false);"],
        ["assertTrue(true);", 'assertEquals("a", "a");'],
    ),
    "Ruby": (
        ["spec/a_spec.rb", "test/test_a.rb", "a_test.rb"],
        ["spec/spec_helper.rb", "lib/a.rb"],
        ["  it 'adds' do", "def test_add"],
        ["expect(a).to eq(b)", "  assert_equal 1, a"],
        ["  xit 'adds' do", "skip 'later'", "it 'adds', skip: true do", "  pending"],
        ["expect(true).to be true", "assert true"],
    ),
    "PHP": (
        ["tests/CalcTest.php", "src/CalcTest.php"],
        ["src/Calc.php", "src/Latest.php/x"],
        ["    public function testAdd(): void", "    #[Test]"],
        ["$this->assertSame(1, $a);", "self::assertTrue($a);"],
        ["$this->markTestSkipped('x');"],
        ["$this->assertTrue(true);", "self::assertSame(1, 1);"],
    ),
    "C#": (
        ["CalcTests.cs", "App.Tests/Calc.cs"],
        ["Calc.cs"],
        ["    [Fact]", "[Theory]", "[TestMethod]"],
        ["Assert.Equal(1, a);", "a.Should().Be(1);"],
        ['[Fact(Skip = "later")]', "[Ignore]", 'Assert.Inconclusive("x");'],
        ["Assert.True(true);", "Assert.AreEqual(1, 1);"],
    ),
    "C++": (
        ["tests/a.cpp", "a_test.cc", "test_a.c"],
        ["src/a.cpp", "latest.cc"],
        ["TEST(Calc, Adds) {", "TEST_F(Calc, Adds) {", "static void test_add(void)"],
        ["  EXPECT_EQ(1, a);", "assert(a == 1);", "REQUIRE(a);"],
        ["GTEST_SKIP() << 1;", "TEST(Calc, DISABLED_Adds) {"],
        ["EXPECT_TRUE(true);", "assert(1);"],
    ),
    "Elixir": (
        ["test/a_test.exs"],
        ["test/test_helper.exs"],
        ['  test "adds" do'],
        ["    assert a == 1", "refute a"],
        ["  @tag :skip", "@moduletag :skip"],
        ["    assert true"],
    ),
    "Swift": (
        ["Tests/AppTests/A.swift", "CalcTests.swift"],
        ["Sources/Calc.swift"],
        ["    func testAdd() {", "  @Test func adds() {"],
        ["XCTAssertEqual(1, a)", "#expect(a == 1)"],
        ['throw XCTSkip("later")', "@Test(.disabled())"],
        ["XCTAssertTrue(true)", "#expect(true)"],
    ),
    "bats": (
        ["test/a.bats"],
        ["test/a.sh"],
        ['@test "adds" {'],
        ['  [ "$status" -eq 0 ]', "assert_success"],
        ["  skip", 'skip "later"'],
        ["  true"],
    ),
    "test settings": (
        ["pytest.ini", "web/package.json", "jest.config.js", "pyproject.toml"],
        ["settings.toml"],
        [],
        [],
        ['addopts = "--deselect tests/test_a.py"', "addopts = --ignore=tests/slow", '"test": "jest --passWithNoTests"'],
        [],
    ),
}
# Code and data that look a little like one of the lines above.
HARMLESS = {
    "Python": [
        "skip = 3",
        '    "@pytest.mark.skip",',
        "    skip_lines(3)",
        "assert True_ish",
        "assert 1 < x",
        "x = True",
    ],
    "JavaScript": ["const it = 3", "skip(3)", "expect(value).toBe(true)", "// it.skip(", "array.only"],
    "Go": ["scanner.Skip(3)", "assert.True(t, ok)"],
    "Rust": ["#[allow(dead_code)]", "assert!(trueish)"],
    "Java": ["@Override", "assertTrue(trueish)", "skip(3)"],
    "Ruby": ["skip_before_action :login", "assert truely"],
    "test settings": ["addopts = '-ra'", 'ignore = ["E501"]', "markers = ['skip']"],
}


def test_every_language_is_tested() -> None:
    assert [one.name for one in LANGUAGES] == list(CASES)


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda one: one.name)
def test_lines_of_each_language_are_known(language: languages.Language) -> None:
    files, others, tests, assertions, skips, always_true = CASES[language.name]
    assert [path for path in files if languages.of(path) is not language] == []
    assert [path for path in others if languages.of(path) is language] == []
    assert [line for line in tests if not language.tests.match(line)] == []
    assert [line for line in assertions if not language.assertions.match(line)] == []
    assert [line for line in skips if not language.skips.match(line)] == []
    assert [line for line in always_true if not language.always_true.match(line)] == []


@pytest.mark.parametrize("name", HARMLESS)
def test_lines_that_only_look_like_it_are_let_pass(name: str) -> None:
    (language,) = (one for one in LANGUAGES if one.name == name)
    assert [line for line in HARMLESS[name] if language.skips.match(line) or language.always_true.match(line)] == []


@pytest.mark.parametrize("path", ["README.md", "src/a.py", "tests/data.csv", "a.f90", "test", "tests/run.tcl"])
def test_what_is_no_test_or_in_another_language_is_not_judged(path: str) -> None:
    assert languages.of(path) is None


# An exact check, and one in its place that lets more pass.
LOOSER = {
    "Python": [
        ("    assert f(1) == 3", "    assert f(1)"),
        ("    assert f(1) is None", "    assert f(1) is not None"),
        ("    self.assertEqual(f(1), 3)", "    self.assertTrue(f(1))"),
        ("    self.assertDictEqual(a, b)", "    self.assertIn(1, a)"),
        ("    m.assert_called_once_with(1)", "    m.assert_called()"),
        ("    with pytest.raises(ValueError):", "    assert f(1) is not None"),
    ],
    "JavaScript": [
        ("  expect(f(1)).toBe(3)", "  expect(f(1)).toBeDefined()"),
        ("  expect(f(1)).toStrictEqual([3])", "  expect(f(1)).toBeTruthy()"),
        ("  assert.strictEqual(f(1), 3)", "  assert.ok(f(1))"),
        ("  assert.deepEqual(a, b)", "  assert(a)"),
        ("  expect(a).to.equal(3)", "  expect(a).to.exist"),
        ("  assert.throws(() => f())", "  assert.ok(f)"),
        ("  expect(f).toHaveBeenCalledWith(1)", "  expect(f).toHaveBeenCalled()"),
    ],
    "Go": [
        ("\tassert.Equal(t, 3, f(1))", "\tassert.NotNil(t, f(1))"),
        ("\trequire.ErrorIs(t, e, x)", "\trequire.Error(t, e)"),
    ],
    "Rust": [
        ("    assert_eq!(f(1), 3);", "    assert!(f(1) > 0);"),
        ("    assert!(f(1) == 3);", "    assert_ne!(f(1), 4);"),
    ],
    "Java": [
        ("  assertEquals(3, f(1));", "  assertNotNull(f(1));"),
        ("  assertThrows(E.class, () -> f());", "  assertTrue(true || ok);"),
        ("  assertThat(f(1)).isEqualTo(3);", "  assertThat(f(1)).isNotNull();"),
    ],
    "Ruby": [("  expect(f).to eq(3)", "  expect(f).to be_truthy"), ("  assert_equal 3, f", "  assert f")],
    "PHP": [
        ("  $this->assertSame(3, f());", "  $this->assertNotNull(f());"),
        ("  expect(f())->toBe(3);", "  expect(f())->toBeTruthy();"),
    ],
    "C#": [
        ("  Assert.Equal(3, F());", "  Assert.NotNull(F());"),
        ("  F().Should().Be(3);", "  F().Should().NotBeNull();"),
    ],
    "C++": [("  EXPECT_EQ(f(), 3);", "  EXPECT_TRUE(f());"), ("  REQUIRE(f() == 3);", "  REQUIRE(f() > 0);")],
    "Elixir": [("  assert f() == 3", "  assert f()")],
    "Swift": [("  XCTAssertEqual(f(), 3)", "  XCTAssertNotNil(f())"), ("  #expect(f() == 3)", "  #expect(f() != nil)")],
    "bats": [('  [ "$output" = "3" ]', '  [ -n "$output" ]'), ("  assert_output 3", "  refute_output 4")],
}


def test_every_language_with_assertions_knows_exact_ones() -> None:
    assert set(LOOSER) == {one.name for one in LANGUAGES if one.assertions.pattern != languages.NEVER}


@pytest.mark.parametrize(
    ("name", "exact", "loose"), [(name, *pair) for name, pairs in LOOSER.items() for pair in pairs]
)
def test_an_exact_check_is_told_from_a_looser_one(name: str, exact: str, loose: str) -> None:
    language = next(one for one in LANGUAGES if one.name == name)
    assert language.assertions.match(exact) and language.assertions.match(loose)
    assert language.exact.match(exact)
    assert not language.exact.match(loose)
