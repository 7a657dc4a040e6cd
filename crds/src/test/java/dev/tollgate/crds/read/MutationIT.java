package dev.tollgate.crds.read;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tollgate.crds.apiserver.ApiServer;
import dev.tollgate.crds.schema.CrdFile;
import dev.tollgate.crds.schema.Schema;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every field of a complete object is broken in every way that its schema forbids, and taken away;
 * reader and API server must agree on each of these hundreds of objects.
 */
class MutationIT {
    @RegisterExtension static final ApiServer API = new ApiServer();

    private static final ObjectMapper JSON = new ObjectMapper();

    /** One changed object: where, how, and the whole of it. */
    private record Mutation(String path, String change, Object object) {}

    @BeforeAll
    static void install() {
        API.installCrds();
    }

    @ParameterizedTest
    @EnumSource
    void readerAndServerAgreeOnEveryBrokenField(CrdFile crd) throws Exception {
        var object = complete(crd);
        var mutations = new ArrayList<Mutation>();
        mutate(
                object.get("spec"),
                crd.schema().properties().get("spec"),
                "spec",
                spec -> with(object, "spec", spec),
                mutations);

        var differences = new ArrayList<String>();
        int refused = 0;
        for (Mutation mutation : mutations) {
            String json = JSON.writeValueAsString(mutation.object());
            String server = server(crd, json);
            var reader =
                    ResourceReader.read(List.of(new YamlFile("f", json)), _ -> Optional.empty())
                            .problems()
                            .stream()
                            .filter(problem -> !problem.message().contains("operator alone"))
                            .toList();
            refused += server == null ? 0 : 1;
            if (reader.isEmpty() != (server == null)) {
                differences.add(
                        mutation.path()
                                + " "
                                + mutation.change()
                                + ": server "
                                + server
                                + ", reader "
                                + reader);
            }
        }
        assertThat(differences).isEmpty();
        assertThat(mutations).hasSizeGreaterThan(40);
        assertThat(refused).isGreaterThan(mutations.size() / 2);
    }

    private static Map<String, Object> complete(CrdFile crd) throws IOException {
        String file =
                switch (crd) {
                    case MODEL_PROVIDERS -> "valid-provider-all-fields.yaml";
                    case ROUTING_POLICIES -> "valid-policy-all-fields.yaml";
                    case BUDGETS -> "valid-budget-all-fields.yaml";
                    case BUDGET_LEDGERS -> "valid-ledger.yaml";
                };
        var text = Files.readString(Path.of("src/test/resources/rules", file));
        var documents = new YamlParser(new YamlFile(file, text), new ArrayList<>()).documents();
        // the second ledger is the one with leases
        return map(documents.get(crd == CrdFile.BUDGET_LEDGERS ? 1 : 0).plain());
    }

    /** Null if the server takes it, else what it says. */
    private static @Nullable String server(CrdFile crd, String json) throws IOException {
        try {
            API.client()
                    .raw(
                            "/apis/tollgate.dev/v1alpha1/namespaces/default/%s?dryRun=All&fieldValidation=Strict"
                                    .formatted(crd.plural()),
                            "POST",
                            JSON.readTree(json));
            return null;
        } catch (KubernetesClientException e) {
            return e.getMessage();
        }
    }

    private static void mutate(
            @Nullable Object value,
            @Nullable Schema schema,
            String path,
            UnaryOperator<Object> embed,
            List<Mutation> out) {
        if (value == null || schema == null) {
            return;
        }
        for (var change : changes(value, schema).entrySet()) {
            out.add(new Mutation(path, change.getKey(), embed.apply(change.getValue())));
        }
        if (value instanceof Map<?, ?>) {
            var members = map(value);
            for (var member : members.entrySet()) {
                String inner = path + "." + member.getKey();
                var less = new LinkedHashMap<>(members);
                less.remove(member.getKey());
                out.add(new Mutation(inner, "removed", embed.apply(less)));
                mutate(
                        member.getValue(),
                        schema.properties()
                                .getOrDefault(member.getKey(), schema.additionalProperties()),
                        inner,
                        changed -> embed.apply(with(members, member.getKey(), changed)),
                        out);
            }
        }
        if (value instanceof List<?> items) {
            for (int i = 0; i < Math.min(2, items.size()); i++) {
                int at = i;
                mutate(
                        items.get(i),
                        schema.items(),
                        path + "[" + i + "]",
                        changed -> {
                            var list = new ArrayList<Object>(items);
                            list.set(at, changed);
                            return embed.apply(list);
                        },
                        out);
            }
        }
    }

    /** What is no longer valid, and what is at the edge and still is. */
    private static Map<String, Object> changes(Object value, Schema schema) {
        var changes = new LinkedHashMap<String, Object>();
        switch (value) {
            case Map<?, ?> members -> {
                changes.put("unknown field", with(map(members), "bogus", "1"));
                changes.put("empty", Map.of());
                changes.put("a text", "x");
            }
            case List<?> items -> {
                changes.put("empty", List.of());
                changes.put(
                        "doubled",
                        java.util.stream.Stream.concat(items.stream(), items.stream()).toList());
                changes.put("an object", Map.of());
                changes.put("a null in it", java.util.Arrays.asList(items.getFirst(), null));
            }
            case String text -> {
                changes.put("a number", 7);
                changes.put("a boolean", true);
                changes.put("empty", "");
                changes.put("strange", "\u00e9 !");
                changes.put("a line end", text + "\n");
                if (schema.maxLength() != null) {
                    changes.put("longest", "a".repeat(schema.maxLength().intValue()));
                    changes.put("too long", "a".repeat(schema.maxLength().intValue() + 1));
                }
            }
            case Long _ -> {
                changes.put("a text", "7");
                changes.put("a fraction", 1.5);
                changes.put("least", schema.minimum() == null ? 0 : schema.minimum());
                changes.put("less", schema.minimum() == null ? -1 : schema.minimum() - 1);
                changes.put("most", schema.maximum() == null ? 0 : schema.maximum());
                changes.put("more", schema.maximum() == null ? 0 : schema.maximum() + 1);
            }
            default -> throw new IllegalStateException("a value of " + value.getClass());
        }
        return changes;
    }

    private static Map<String, Object> with(
            Map<String, Object> members, String name, Object value) {
        var copy = new LinkedHashMap<>(members);
        copy.put(name, value);
        return copy;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object value) {
        return (Map<String, Object>) value;
    }
}
