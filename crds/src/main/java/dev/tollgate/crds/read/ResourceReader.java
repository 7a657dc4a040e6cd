package dev.tollgate.crds.read;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.resource.Budget;
import dev.tollgate.crds.resource.ConfigMapObject;
import dev.tollgate.crds.resource.Kind;
import dev.tollgate.crds.resource.Metadata;
import dev.tollgate.crds.resource.ModelProvider;
import dev.tollgate.crds.resource.NamespaceObject;
import dev.tollgate.crds.resource.ResourceKey;
import dev.tollgate.crds.resource.Resources;
import dev.tollgate.crds.resource.RoutingPolicy;
import dev.tollgate.crds.resource.SecretObject;
import dev.tollgate.crds.resource.ServiceAccountObject;
import dev.tollgate.crds.route.RoutingPolicySpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Texts in, resources and problems out: what {@code tollgate serve} and {@code tollgate lint} see
 * of a folder. Pure: the values of {@code ${env:NAME}} and {@code ${file:PATH}} in Secrets are
 * asked from the caller. Schema and rules are those of the CRD files, so a folder gets the verdicts
 * that the API server would give for new objects.
 */
public final class ResourceReader {
    private static final String DEFAULT_NAMESPACE = "default";
    private static final ObjectMapper JSON =
            JsonMapper.builder().addModule(new JavaTimeModule()).build();

    private final Function<String, Optional<String>> secretValues;
    private final List<Problem> problems = new ArrayList<>();
    private final Map<ResourceKey, Place> places = new LinkedHashMap<>();
    private final Set<ResourceKey> refusedBudgets = new LinkedHashSet<>();
    private final List<ModelProvider> providers = new ArrayList<>();
    private final List<RoutingPolicy> policies = new ArrayList<>();
    private final List<Budget> budgets = new ArrayList<>();
    private final List<SecretObject> secrets = new ArrayList<>();
    private final List<ConfigMapObject> configMaps = new ArrayList<>();
    private final List<NamespaceObject> namespaces = new ArrayList<>();
    private final List<ServiceAccountObject> serviceAccounts = new ArrayList<>();

    private ResourceReader(Function<String, Optional<String>> secretValues) {
        this.secretValues = secretValues;
    }

    /**
     * Reads all files of a folder together.
     *
     * @param secretValues gives the value for {@code env:NAME} or {@code file:PATH}, if there is
     *     one
     */
    public static Read read(List<YamlFile> files, Function<String, Optional<String>> secretValues) {
        var reader = new ResourceReader(secretValues);
        for (YamlFile file : files) {
            for (Yaml document : new YamlParser(file, reader.problems).documents()) {
                reader.document(document);
            }
        }
        var resources =
                new Resources(
                        reader.providers,
                        reader.policies,
                        reader.budgets,
                        reader.secrets,
                        reader.configMaps,
                        reader.namespaces,
                        reader.serviceAccounts);
        return new Read(resources, reader.places, reader.problems, reader.refusedBudgets);
    }

    private void document(Yaml document) {
        if (!(document instanceof Yaml.Mapping object)) {
            add(document.place(), "", "must be an object: \"" + document.type() + "\"", null);
            return;
        }
        if ("List".equals(text(object, "kind")) && "v1".equals(text(object, "apiVersion"))) {
            if (object.members().get("items") instanceof Yaml.Sequence items) {
                items.items().forEach(this::document);
            }
            return;
        }
        kind(object).ifPresent(kind -> object(kind, object));
    }

    private Optional<Kind> kind(Yaml.Mapping object) {
        String name = text(object, "kind");
        String apiVersion = text(object, "apiVersion");
        for (String member : List.of("apiVersion", "kind")) {
            if (text(object, member) == null) {
                add(object.place(), member, "Required value", null);
            }
        }
        if (name == null || apiVersion == null) {
            return Optional.empty();
        }
        var names = new ArrayList<String>();
        for (Kind kind : Kind.values()) {
            if (kind.kind().equals(name) && kind.apiVersion().equals(apiVersion)) {
                return Optional.of(kind);
            }
            if (kind.kind().equals(name)) {
                refuseBudget(object, kind == Kind.BUDGET);
                add(
                        object.keys().getOrDefault("apiVersion", object.place()),
                        "apiVersion",
                        "no matches for kind \"%s\" in version \"%s\"".formatted(name, apiVersion),
                        "write `" + kind.apiVersion() + "`");
                return Optional.empty();
            }
            names.add(kind.kind());
        }
        refuseBudget(object, apiVersion.startsWith("tollgate.dev/"));
        add(
                object.keys().getOrDefault("kind", object.place()),
                "kind",
                "no matches for kind \"%s\" in version \"%s\"".formatted(name, apiVersion),
                Spelling.nearest(name, names)
                        .map(known -> "did you mean `" + known + "`?")
                        .orElse("known: " + String.join(", ", names)));
        return Optional.empty();
    }

    private void object(Kind kind, Yaml.Mapping object) {
        int before = problems.size();
        Map<String, Object> value = KindCheck.check(kind, object, problems);
        if (kind == Kind.BUDGET_LEDGER) {
            add(
                    object.place(),
                    "kind",
                    "a BudgetLedger is written by the operator alone",
                    "remove it");
        }
        if (problems.size() > before) {
            refuseBudget(object, kind == Kind.BUDGET);
            return;
        }
        var metadata = metadata(kind, value);
        var key = ResourceKey.of(kind, metadata);
        Place first = places.putIfAbsent(key, object.place());
        if (first != null) {
            add(
                    object.place(),
                    "metadata.name",
                    key + " is there twice",
                    "the first one is at " + first);
            return;
        }
        switch (kind) {
            case MODEL_PROVIDER ->
                    providers.add(
                            new ModelProvider(
                                    metadata, spec(value, ModelProviderSpec.class), null));
            case ROUTING_POLICY ->
                    policies.add(
                            new RoutingPolicy(
                                    metadata, spec(value, RoutingPolicySpec.class), null));
            case BUDGET -> budgets.add(new Budget(metadata, spec(value, BudgetSpec.class), null));
            case SECRET -> {
                var values = new SecretValues(secretValues, problems);
                secrets.add(new SecretObject(metadata, values.of(object)));
            }
            case CONFIG_MAP ->
                    configMaps.add(new ConfigMapObject(metadata, texts(value.get("data"))));
            case NAMESPACE -> namespaces.add(new NamespaceObject(metadata));
            case SERVICE_ACCOUNT -> serviceAccounts.add(new ServiceAccountObject(metadata));
            case BUDGET_LEDGER -> throw new IllegalStateException("refused above");
        }
    }

    private void refuseBudget(Yaml.Mapping object, boolean mayBeOne) {
        if (!mayBeOne) {
            return;
        }
        var metadata =
                object.members().get("metadata") instanceof Yaml.Mapping mapping ? mapping : object;
        var namespace = text(metadata, "namespace");
        var name = text(metadata, "name");
        refusedBudgets.add(
                ResourceKey.of(
                        Kind.BUDGET,
                        new Metadata(
                                namespace == null ? DEFAULT_NAMESPACE : namespace,
                                name == null ? "unnamed" : name,
                                null,
                                1,
                                null,
                                Map.of(),
                                Map.of())));
    }

    private static <T> T spec(Map<String, Object> value, Class<T> type) {
        return JSON.convertValue(value.get("spec"), type);
    }

    private static Metadata metadata(Kind kind, Map<String, Object> value) {
        if (!(value.get("metadata") instanceof Map<?, ?> metadata)) {
            throw new IllegalStateException("metadata was checked");
        }
        Object namespace = metadata.get("namespace");
        return new Metadata(
                kind == Kind.NAMESPACE
                        ? ""
                        : namespace == null ? DEFAULT_NAMESPACE : String.valueOf(namespace),
                String.valueOf(metadata.get("name")),
                null,
                1,
                null,
                texts(metadata.get("labels")),
                texts(metadata.get("annotations")));
    }

    private static Map<String, String> texts(@Nullable Object value) {
        var texts = new HashMap<String, String>();
        if (value instanceof Map<?, ?> map) {
            map.forEach((name, text) -> texts.put(String.valueOf(name), String.valueOf(text)));
        }
        return texts;
    }

    private static @Nullable String text(Yaml.Mapping object, String member) {
        return object.members().get(member) instanceof Yaml.Scalar scalar
                        && scalar.value() instanceof String text
                ? text
                : null;
    }

    private void add(Place place, String path, String message, @Nullable String hint) {
        problems.add(Problem.at(place, path, message, hint));
    }
}
