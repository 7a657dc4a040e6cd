package dev.tollgate.crds.schema;

import dev.tollgate.crds.resource.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The four files that {@code kubectl apply} takes, in the order of the manual. */
public enum CrdFile {
    MODEL_PROVIDERS("modelproviders", Kind.MODEL_PROVIDER),
    ROUTING_POLICIES("routingpolicies", Kind.ROUTING_POLICY),
    BUDGETS("budgets", Kind.BUDGET),
    BUDGET_LEDGERS("budgetledgers", Kind.BUDGET_LEDGER);

    private final String plural;
    private final Kind kind;

    CrdFile(String plural, Kind kind) {
        this.plural = plural;
        this.kind = kind;
    }

    public String plural() {
        return plural;
    }

    public Kind kind() {
        return kind;
    }

    /** The name of the CustomResourceDefinition. */
    public String crdName() {
        return plural + ".tollgate.dev";
    }

    /** The YAML, as it is applied. */
    public String text() {
        return resource("/crds/" + crdName() + ".yaml");
    }

    /** The schema of the one version that there is. */
    public Schema schema() {
        var crd = Schema.map(load(text()));
        if (!(Schema.map(crd.get("spec")).get("versions") instanceof List<?> versions)) {
            throw new IllegalStateException(crdName() + " (expected: versions)");
        }
        var version = Schema.map(versions.getFirst());
        return Schema.of(Schema.map(Schema.map(version.get("schema")).get("openAPIV3Schema")));
    }

    /** The schema of a core kind, so far as a folder needs it. */
    public static Schema coreSchema(Kind kind) {
        var schemas = Schema.map(load(resource("/dev/tollgate/crds/schema/core.yaml")));
        return Schema.of(Schema.map(schemas.get(kind.kind())));
    }

    /** The schema of {@code metadata} of all kinds. */
    public static Schema metadataSchema() {
        var schemas = Schema.map(load(resource("/dev/tollgate/crds/schema/core.yaml")));
        return Schema.of(Schema.map(schemas.get("metadata")));
    }

    static Object load(String yaml) {
        var loaded = new Load(LoadSettings.builder().build()).loadFromString(yaml);
        return loaded == null ? Map.of() : loaded;
    }

    private static String resource(String name) {
        try (InputStream in = CrdFile.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
