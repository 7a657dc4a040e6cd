package dev.tollgate.crds.rules;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.crds.schema.CrdFile;
import dev.tollgate.crds.schema.Schema;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** K3: what the CRDs let pass and what they refuse, on a real API server. */
class CrdRulesIT {
    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final List<String> REFUSALS = new ArrayList<>();

    @BeforeAll
    static void install() {
        API.installCrds();
    }

    static List<RuleDocument> documents() {
        return RuleDocument.all();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void theServerGivesTheExpectedVerdict(RuleDocument document) {
        String namespace = "default";
        if (document.stored() || document.update()) {
            namespace = document.file().replace(".yaml", "");
            API.kubectl("", "create", "namespace", namespace);
        }
        var outcome =
                document.stored() || document.update()
                        ? API.kubectl(document.text(), "apply", "-n", namespace, "-f", "-")
                        : API.kubectl(
                                document.text(),
                                "create",
                                "--dry-run=server",
                                "-n",
                                namespace,
                                "-f",
                                "-");

        if (document.expected() == null) {
            assertThat(outcome.ok()).as(outcome.err()).isTrue();
        } else {
            REFUSALS.add(outcome.err());
            assertThat(outcome.ok()).as("accepted: " + document.text()).isFalse();
            // kubectl escapes what it quotes
            assertThat(outcome.err().replace("\\\\", "\\")).contains(document.expected());
        }
    }

    @AfterAll
    static void everyRuleAndPatternWasBroken() {
        var untested = new TreeSet<String>();
        for (CrdFile crd : CrdFile.values()) {
            collect(crd.schema(), "", untested);
        }
        String all = String.join("\n", REFUSALS).replace("\\\\", "\\");
        untested.removeIf(rule -> Pattern.compile(rule).matcher(all).find());
        assertThat(untested).as("rules and patterns that no file breaks").isEmpty();
    }

    /** As regular expressions: rules with their path, patterns once wherever they stand. */
    private static void collect(Schema schema, String path, TreeSet<String> found) {
        for (var rule : schema.rules()) {
            String place = path.isEmpty() ? "" : path + ": [^\\n]*";
            found.add(place + Pattern.quote(rule.message()));
        }
        if (schema.pattern() != null) {
            found.add(Pattern.quote("should match '" + schema.pattern() + "'"));
        }
        schema.properties()
                .forEach(
                        (name, child) ->
                                collect(child, path.isEmpty() ? name : path + "\\." + name, found));
        if (schema.items() != null) {
            collect(schema.items(), path + "\\[[0-9]+\\]", found);
        }
    }
}
