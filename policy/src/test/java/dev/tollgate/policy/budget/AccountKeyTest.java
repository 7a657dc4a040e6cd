package dev.tollgate.policy.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccountKeyTest {

    private static final String HOUR = "a/b//2026-10-31T23:00:00Z--2026-11-01T00:00:00Z";
    private static final String DAY = "a/b//2026-10-31T23:00:00Z--2026-11-01T23:00:00Z";
    private static final String NEXT = "a/b//2026-11-01T00:00:00Z--2026-11-01T01:00:00Z";
    private static final String SUBJECT = "a/b/c/2026-10-31T23:00:00Z--2026-11-01T00:00:00Z";

    @Test
    void readsWhatItWroteAndSortsByStartAndThenByEnd() {
        var sorted = List.of(HOUR, DAY, NEXT, "a/b//lifetime", SUBJECT, "a/b/c/lifetime");
        assertThat(sorted.reversed().stream().map(AccountKey::parse).sorted())
                .extracting(AccountKey::toString)
                .containsExactlyElementsOf(sorted);
    }

    @Test
    void windowsThatBeginTogetherAreTwoAccounts() {
        assertThat(AccountKey.parse(HOUR)).isNotEqualTo(AccountKey.parse(DAY));
        assertThat(AccountKey.parse(HOUR))
                .isEqualTo(AccountKey.of("a/b", "", AccountKey.parse(HOUR).window()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a/b/c",
                "/b//lifetime",
                "a/b/c/d/e",
                "a/b//yesterday",
                "a/b//2026-10-31T23:00:00Z",
                "a/b//2026-10-31T23:00:00Z--",
                "a/b//--2026-10-31T23:00:00Z",
                "a/b//2026-10-31T23:00:00Z--2026-10-31T23:00:00Z",
                "a/b//2026-10-31T23:00:00Z--2026-10-31T22:00:00Z",
                "a/b//2026-10-31T23:00:00.000Z--2026-11-01T00:00:00Z"
            })
    void refusesAllElseByItsWholeText(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> AccountKey.parse(text))
                .withMessageContaining("expected: ");
    }
}
