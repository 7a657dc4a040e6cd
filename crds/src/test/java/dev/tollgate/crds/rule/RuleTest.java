package dev.tollgate.crds.rule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RuleTest {
    private static final Map<String, Object> SELF =
            Map.of(
                    "a",
                    1L,
                    "b",
                    "x",
                    "list",
                    List.of(1L, 2L, 2L),
                    "d",
                    "90s",
                    "m",
                    Map.of("k", "v"));

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "has(self.a) && !has(self.z); true",
                "self.a == 1 ? self.b == 'x' : false; true",
                "self.a + 2 - 1 > 1 && self.a <= 1; true",
                "self.b in ['y', 'x'] || self.z; true",
                "self.z || self.a == 1; true",
                "self.z && self.a == 2; false",
                "self.list.all(i, i < 3) && self.list.exists(i, i == 2); true",
                "self.list.exists_one(i, i == 2); false",
                "self.list.exists_one(i, i == 1); true",
                "self.list.map(i, i + 1).sum() == 8; true",
                "self.list.isSorted() && self.list.size() == 3 && self.list[0] == 1; true",
                "[2, 1].isSorted(); false",
                "duration(self.d) > duration('1m'); true",
                "quantity('1.50').compareTo(quantity('1.5')) == 0; true",
                "isURL('https://a:80/b') && url('https://a:80/b').getHost() == 'a:80'; true",
                "isURL('a'); false",
                "self.m == self.m && self.m != self.list; true",
                "oldSelf.hasValue() || self.b.contains('x') && self.b.startsWith('x'); true",
                "self.list.all(i, i > 1 && self.z); false",
            })
    void evaluatesAsCelDoes(String rule, boolean holds) {
        assertThat(Rule.compile(rule).holds(SELF)).isEqualTo(holds);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "self.a ==",
                "self.matches('a')",
                "self.a * 2 == 2",
                "has(self)",
                "'open",
                "(self.a",
                "self.a b",
                "dyn(self)",
                "self.size(1) == 1",
                "'a\\'b' == self",
                ""
            })
    void whatItDoesNotKnowIsRefusedWhenItIsCompiled(String rule) {
        assertThatThrownBy(() -> Rule.compile(rule)).isInstanceOf(RuleException.class);
    }

    @Test
    void aMissingMemberAndAWrongTypeAreFailures() {
        assertThatThrownBy(() -> Rule.compile("self.z == 1").holds(SELF))
                .hasMessageContaining("no such key: z");
        assertThatThrownBy(() -> Rule.compile("self.list.all(i, i > 1 || self.z)").holds(SELF))
                .hasMessageContaining("no such key: z");
        assertThatThrownBy(() -> Rule.compile("self.b < 1").holds(SELF))
                .isInstanceOf(RuleException.class);
        assertThatThrownBy(() -> Rule.compile("self.a").holds(SELF))
                .hasMessageContaining("boolean");
    }

    @Test
    void knowsARuleThatComparesWithTheStoredObject() {
        assertThat(Rule.compile("self == oldSelf").isTransition()).isTrue();
        assertThat(Rule.compile("self == self").isTransition()).isFalse();
    }
}
