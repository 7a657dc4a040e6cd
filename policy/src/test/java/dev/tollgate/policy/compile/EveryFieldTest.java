package dev.tollgate.policy.compile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tollgate.crds.read.ResourceReader;
import dev.tollgate.crds.read.YamlFile;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.schema.CrdFile;
import dev.tollgate.crds.schema.Schema;
import dev.tollgate.policy.snapshot.IssuerEntry;
import dev.tollgate.policy.snapshot.SnapshotCodec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * No field of a resource is accepted and ignored. The tables in {@code resources/fields} list every
 * one of them: it makes a difference to what is compiled, as each of its enum values does, and a
 * test fails if that difference were ignored; or it is refused by name.
 */
class EveryFieldTest {

    private static final Path FOLDER = Path.of("src/test/resources/fields");
    private static final ObjectMapper JSON = new ObjectMapper();

    /** So that a Budget can have users. */
    private static final CompileSettings TRUSTING =
            Given.trusting(
                    List.of(
                            new IssuerEntry(
                                    "https://a.example", "tollgate", false, null, List.of())));

    enum Table {
        MODEL_PROVIDER(
                "modelprovider",
                CrdFile.MODEL_PROVIDERS,
                "{\"type\":\"OpenAI\",\"auth\":{\"type\":\"None\"}}"),
        ROUTING_POLICY(
                "routingpolicy",
                CrdFile.ROUTING_POLICIES,
                """
                {"models":["fast"],"rules":[{"name":"r","targets":[
                {"name":"a","providerRef":{"name":"openai"},"model":"gpt-4o-mini"},
                {"name":"b","providerRef":{"name":"anthropic"},"model":"claude-haiku-4-5"}]}]}"""),
        BUDGET("budget", CrdFile.BUDGETS, "{\"amount\":\"5\",\"period\":{\"type\":\"Month\"}}");

        final String file;
        final CrdFile crd;
        final String base;

        Table(String file, CrdFile crd, String base) {
            this.file = file;
            this.crd = crd;
            this.base = base;
        }

        Kind kind() {
            return crd.kind();
        }

        List<Row> rows() throws IOException {
            var text = Files.readString(FOLDER.resolve(file + ".yaml"));
            var rows = new ArrayList<Row>();
            for (var row : JSON.<JsonNode>valueToTree(yaml(text))) {
                rows.add(new Row(this, row.get("field").asText(), row));
            }
            return rows;
        }
    }

    private static Object yaml(String text) {
        return new Load(LoadSettings.builder().build()).loadFromString(text);
    }

    /** One field and how it is shown that it counts. */
    record Row(Table table, String field, JsonNode told) {

        boolean is(String word) {
            return told.path(word).asBoolean();
        }

        boolean isRefused() {
            return told.has("refused");
        }

        /** The spec with the field. */
        ObjectNode with() throws IOException {
            var spec = (ObjectNode) JSON.readTree(table.base);
            lay(told.path("with"), spec);
            var rule = spec.at("/rules/0");
            lay(told.path("rule"), rule);
            lay(told.path("target"), rule.at("/targets/0"));
            return spec;
        }

        private static void lay(JsonNode over, JsonNode base) {
            over.properties().forEach(e -> ((ObjectNode) base).set(e.getKey(), e.getValue()));
        }

        /** The same without the field, or with another value in its place. */
        ObjectNode without() throws IOException {
            return told.has("other") ? put(told.get("other")) : put(null);
        }

        ObjectNode put(JsonNode value) throws IOException {
            var spec = with();
            JsonNode at = spec;
            var names = field.split("\\.");
            for (int i = 1; i < names.length - 1; i++) {
                boolean list = names[i].endsWith("[]");
                at = at.get(list ? names[i].substring(0, names[i].length() - 2) : names[i]);
                at = list ? at.get(0) : at;
            }
            var last = names[names.length - 1];
            assertThat(at.has(last)).as(field + " in " + spec).isTrue();
            if (value == null) {
                ((ObjectNode) at).remove(last);
            } else {
                ((ObjectNode) at).set(last, value);
            }
            return spec;
        }

        @Override
        public String toString() {
            return field;
        }
    }

    static Stream<Row> rows() throws IOException {
        var rows = new ArrayList<Row>();
        for (var table : Table.values()) {
            rows.addAll(table.rows());
        }
        return rows.stream();
    }

    /** What the compiler makes of the object: everything that can have an effect. */
    private record Outcome(boolean accepted, boolean resolved, String problems, String all) {}

    private static Outcome compile(Table table, ObjectNode spec) throws IOException {
        var object = JSON.createObjectNode();
        object.put("apiVersion", "tollgate.dev/v1alpha1").put("kind", table.kind().kind());
        object.putObject("metadata").put("namespace", Given.PLATFORM).put("name", "subject");
        object.set("spec", spec);
        var read =
                ResourceReader.read(
                        List.of(
                                new YamlFile("subject", object.toString()),
                                new YamlFile(
                                        "around", Files.readString(FOLDER.resolve("around.yaml")))),
                        reference -> Optional.empty());
        var compiled = Compiler.compile(read.resources(), TRUSTING, LastAccepted.NONE);
        var verdict = compiled.verdicts().get(Given.key(table.kind(), Given.PLATFORM + "/subject"));
        if (verdict == null) {
            return new Outcome(false, false, read.problems().toString(), "" + read.problems());
        }
        var problems = verdict.problems() + " " + read.problems();
        return new Outcome(
                verdict.accepted() && read.problems().isEmpty(),
                verdict.problems().isEmpty(),
                problems,
                text(compiled) + problems);
    }

    private static String text(Compiled compiled) {
        return new String(SnapshotCodec.encode(compiled.snapshot()), StandardCharsets.UTF_8)
                + compiled.verdicts()
                + compiled.credentials()
                + compiled.canaries();
    }

    private static void leaves(String path, Schema schema, Map<String, Schema> into) {
        var items = schema.items();
        if (!schema.properties().isEmpty()) {
            schema.properties().forEach((name, child) -> leaves(path + "." + name, child, into));
        } else if (items != null && !items.properties().isEmpty()) {
            leaves(path + "[]", items, into);
        } else {
            into.put(path, schema);
        }
    }

    private static Map<String, Schema> leaves(Table table) {
        var leaves = new TreeMap<String, Schema>();
        leaves("spec", table.crd.schema().properties().get("spec"), leaves);
        return leaves;
    }

    @ParameterizedTest
    @EnumSource(Table.class)
    void isInTheTable(Table table) throws IOException {
        assertThat(table.rows())
                .extracting(Row::field)
                .containsExactlyInAnyOrderElementsOf(leaves(table).keySet());
    }

    @ParameterizedTest
    @MethodSource("rows")
    void makesADifferenceOrIsRefused(Row row) throws IOException {
        var with = compile(row.table(), row.with());
        if (row.isRefused()) {
            assertThat(with.accepted()).as(with.problems()).isFalse();
            assertThat(with.problems()).contains(row.told().get("refused").asText());
            return;
        }
        assertThat(with.accepted()).as(with.problems()).isTrue();
        assertThat(with.resolved() || row.is("unresolved")).as(with.problems()).isTrue();
        var without = compile(row.table(), row.without());
        assertThat(without.accepted() && without.resolved() || row.is("wrong"))
                .as(without.problems())
                .isTrue();
        assertThat(with.all()).isNotEqualTo(without.all());
    }

    @ParameterizedTest
    @MethodSource("rows")
    void makesADifferenceByEachOfItsValues(Row row) throws IOException {
        var schema = leaves(row.table()).get(row.field());
        var items = schema.items();
        var values = items == null ? schema.enumeration() : items.enumeration();
        var seen = new HashMap<String, String>();
        for (var value : values) {
            JsonNode node = JSON.getNodeFactory().textNode(value);
            if (items != null) {
                node = JSON.createArrayNode().add(value);
            }
            var outcome = compile(row.table(), row.put(node));
            if (outcome.accepted()) {
                assertThat(seen.put(outcome.all(), value)).as(value + " is as").isNull();
            }
        }
    }

    @Test
    void isTriedByATestThatExists() throws IOException {
        var sources = new HashMap<String, String>();
        for (var row : rows().filter(row -> !row.isRefused()).toList()) {
            var name = row.told().get("test").asText().split("\\.");
            var source = sources.computeIfAbsent(name[0], EveryFieldTest::sources);
            assertThat(source.contains("void " + name[1] + "("))
                    .as(row.field() + ": " + row.told().get("test"))
                    .isTrue();
        }
    }

    /** Of every class of this name, in all modules. */
    private static String sources(String test) {
        try (var files = Files.walk(Path.of(".."))) {
            var text = new StringBuilder();
            for (var file : files.filter(f -> f.endsWith(test + ".java")).toList()) {
                text.append(Files.readString(file));
            }
            return text.toString();
        } catch (IOException e) {
            throw new AssertionError(test, e);
        }
    }
}
