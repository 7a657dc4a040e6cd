package dev.tollgate.crds.read;

import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.schema.CrdFile;
import dev.tollgate.crds.schema.Schema;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Checks a whole object: its kind's schema, and metadata, which schemas leave to the API server.
 */
final class KindCheck {
    private static final Map<Kind, Schema> SCHEMAS = new EnumMap<>(Kind.class);
    private static @Nullable Schema metadata;

    private KindCheck() {}

    /** The object with its defaults; of use only if no problem was added. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> check(Kind kind, Yaml.Mapping object, List<Problem> problems) {
        var check = new SchemaCheck(problems, kind == Kind.SECRET);
        Schema schema = schema(kind);
        Yaml meta = object.members().get("metadata");
        var bare = new LinkedHashMap<>(object.members());
        bare.remove("metadata");
        var value =
                (Map<String, Object>)
                        Objects.requireNonNull(
                                check.check(
                                        new Yaml.Mapping(bare, object.keys(), object.place()),
                                        schema,
                                        ""));
        if (meta == null) {
            problems.add(Problem.at(object.place(), "metadata.name", "Required value", null));
            return value;
        }
        Object checked = new SchemaCheck(problems, false).check(meta, metadata(), "metadata");
        Schema name =
                schema.properties().getOrDefault("metadata", metadata()).properties().get("name");
        if (name != null && meta instanceof Yaml.Mapping(Map<String, Yaml> members, _, _)) {
            Yaml written = members.get("name");
            if (written != null) {
                new SchemaCheck(problems, false).check(written, name, "metadata.name");
            }
        }
        if (checked != null) {
            value.put("metadata", checked);
        }
        return value;
    }

    private static Schema metadata() {
        synchronized (SCHEMAS) {
            Schema known = metadata;
            if (known == null) {
                known = CrdFile.metadataSchema();
                metadata = known;
            }
            return known;
        }
    }

    private static Schema schema(Kind kind) {
        synchronized (SCHEMAS) {
            return SCHEMAS.computeIfAbsent(
                    kind,
                    missing ->
                            switch (missing) {
                                case MODEL_PROVIDER -> CrdFile.MODEL_PROVIDERS.schema();
                                case ROUTING_POLICY -> CrdFile.ROUTING_POLICIES.schema();
                                case BUDGET -> CrdFile.BUDGETS.schema();
                                case BUDGET_LEDGER -> CrdFile.BUDGET_LEDGERS.schema();
                                case SECRET, CONFIG_MAP, NAMESPACE, SERVICE_ACCOUNT ->
                                        CrdFile.coreSchema(missing);
                            });
        }
    }
}
