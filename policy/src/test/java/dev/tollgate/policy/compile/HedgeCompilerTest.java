package dev.tollgate.policy.compile;

import static dev.tollgate.policy.compile.Given.PLATFORM;
import static dev.tollgate.policy.compile.Given.SETTINGS;
import static dev.tollgate.policy.compile.Given.openAi;
import static dev.tollgate.policy.compile.Given.policySpec;
import static dev.tollgate.policy.compile.Given.resources;
import static dev.tollgate.policy.compile.Given.target;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.route.Hedge;
import dev.tollgate.crds.route.Rule;
import dev.tollgate.crds.route.Selection;
import dev.tollgate.policy.snapshot.RuleEntry;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the schema cannot refuse, or would not reach the compiler in a folder. */
class HedgeCompilerTest {

    private static final String OPENAI = PLATFORM + "/openai";

    private static Compiled compiled(Hedge hedge, @Nullable Selection selection) {
        var rule =
                new Rule(
                        "default",
                        null,
                        selection,
                        List.of(
                                target("main", OPENAI, "gpt-4o", 0),
                                target("spare", OPENAI, "gpt-4o-mini", 1)),
                        null,
                        null,
                        List.of(),
                        hedge,
                        null,
                        null);
        return Compiler.compile(
                resources(
                        List.of(openAi(OPENAI)),
                        List.of(
                                Given.policy(
                                        "team-a/chat",
                                        null,
                                        policySpec(List.of("fast"), null, null, rule))),
                        List.of()),
                SETTINGS,
                LastAccepted.NONE);
    }

    private static List<String> problems(Hedge hedge) {
        return compiled(hedge, null).verdicts().entrySet().stream()
                .filter(verdict -> verdict.getKey().name().equals("chat"))
                .flatMap(verdict -> verdict.getValue().problems().stream())
                .map(Problem::text)
                .toList();
    }

    @Test
    void hedgesFivePercentUpToTheFirstOnesBoundUnlessItIsWritten() {
        var compiled = compiled(new Hedge(Hedge.Mode.FIRST_TOKEN, "2s", null, null), null);
        assertThat(compiled.snapshot().policies().getFirst().rules().getFirst().hedge())
                .isEqualTo(new RuleEntry.Hedge(2_000, 5, null));
    }

    @Test
    void refusesWhatHasNoMeaning() {
        assertThat(problems(new Hedge(Hedge.Mode.FIRST_TOKEN, null, null, null)))
                .containsExactly(
                        "spec.rules[0].hedge.after: absent (expected: a duration, with FirstToken)");
        assertThat(problems(new Hedge(Hedge.Mode.FIRST_TOKEN, "0s", 0, "0")))
                .containsExactly(
                        "spec.rules[0].hedge.maxPercent: 0 (expected: 1..20)",
                        "spec.rules[0].hedge.maxCost: 0 (expected: decimal dollars above 0, such as"
                                + " \"12.50\")",
                        "spec.rules[0].hedge.after: 0s (expected: more than 0)");
        assertThat(problems(new Hedge(Hedge.Mode.FIRST_TOKEN, "2s", 21, null)))
                .containsExactly("spec.rules[0].hedge.maxPercent: 21 (expected: 1..20)");
    }

    @Test
    void refusesAModeOfANewerVersion() {
        assertThat(problems(new Hedge(Hedge.Mode.UNKNOWN, "2s", null, null)))
                .containsExactly(
                        "spec.rules[0].hedge.mode: a value of a newer version is not supported by"
                                + " this version");
    }
}
