package dev.tollgate.crds.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.tollgate.crds.budget.BudgetSpec;
import dev.tollgate.crds.budget.BudgetStatus;
import dev.tollgate.crds.ledger.BudgetLedgerSpec;
import dev.tollgate.crds.provider.ModelProviderSpec;
import dev.tollgate.crds.provider.ModelProviderStatus;
import dev.tollgate.crds.resource.Condition;
import dev.tollgate.crds.resource.Wire;
import dev.tollgate.crds.resource.WireEnum;
import dev.tollgate.crds.route.RoutingPolicySpec;
import dev.tollgate.crds.route.RoutingPolicyStatus;
import dev.tollgate.crds.rule.Rule;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** K1, K2, K4 to K8 of the API design: what holds for every schema. */
class SchemaTest {
    private static final Set<String> YAML_1_1 =
            Set.of("on", "off", "yes", "no", "y", "n", "true", "false", "null", "~");

    @ParameterizedTest
    @EnumSource
    void k1RecordsMirrorTheSchema(CrdFile crd) {
        var differences = new ArrayList<String>();
        var properties = crd.schema().properties();
        switch (crd) {
            case MODEL_PROVIDERS -> {
                compare(properties.get("spec"), ModelProviderSpec.class, "spec", differences);
                compare(properties.get("status"), ModelProviderStatus.class, "status", differences);
            }
            case ROUTING_POLICIES -> {
                compare(properties.get("spec"), RoutingPolicySpec.class, "spec", differences);
                compare(properties.get("status"), RoutingPolicyStatus.class, "status", differences);
            }
            case BUDGETS -> {
                compare(properties.get("spec"), BudgetSpec.class, "spec", differences);
                compare(properties.get("status"), BudgetStatus.class, "status", differences);
            }
            case BUDGET_LEDGERS -> {
                compare(properties.get("spec"), BudgetLedgerSpec.class, "spec", differences);
                assertThat(properties).doesNotContainKey("status");
            }
        }
        assertThat(differences).isEmpty();
    }

    private static void compare(Schema schema, Type type, String path, List<String> out) {
        switch (schema.type()) {
            case "array" -> {
                if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
                    compare(schema.items(), list.getActualTypeArguments()[0], path + "[]", out);
                } else {
                    out.add(path + ": a list in the schema, " + type);
                }
            }
            case "object" -> {
                if (schema.additionalProperties() != null) {
                    expect(
                            type.getTypeName()
                                    .equals("java.util.Map<java.lang.String, java.lang.String>"),
                            path,
                            type,
                            out);
                } else if (type instanceof Class<?> record && record.isRecord()) {
                    members(schema, record, path, out);
                } else {
                    out.add(path + ": an object in the schema, " + type);
                }
            }
            case "integer" -> {
                boolean wide = "int64".equals(schema.format());
                expect(
                        wide
                                ? type == long.class || type == Long.class
                                : type == int.class || type == Integer.class,
                        path,
                        type,
                        out);
            }
            case "string" -> text(schema, type, path, out);
            default -> out.add(path + ": type " + schema.type());
        }
    }

    private static void text(Schema schema, Type type, String path, List<String> out) {
        if (schema.enumeration().isEmpty()) {
            Type wanted =
                    switch (schema.format()) {
                        case null -> String.class;
                        case "date" -> LocalDate.class;
                        case "date-time" -> Instant.class;
                        default -> void.class;
                    };
            // the standard shape of a condition leaves its enums open
            boolean condition =
                    path.endsWith("conditions[].type") || path.endsWith("conditions[].reason");
            expect(type == wanted || condition, path, type, out);
            return;
        }
        if (!(type instanceof Class<?> constants) || !constants.isEnum()) {
            out.add(path + ": an enum in the schema, " + type);
            return;
        }
        var names = new TreeSet<String>();
        int unknown = 0;
        for (var field : constants.getFields()) {
            var name = field.getAnnotation(JsonProperty.class);
            if (field.isEnumConstant() && name != null) {
                names.add(name.value());
            }
            unknown += field.isAnnotationPresent(JsonEnumDefaultValue.class) ? 1 : 0;
        }
        expect(names.equals(new TreeSet<>(schema.enumeration())), path, names, out);
        expect(unknown == 1 && constants.isAnnotationPresent(WireEnum.class), path, "J7", out);
    }

    private static void members(Schema schema, Class<?> record, String path, List<String> out) {
        expect(record.isAnnotationPresent(Wire.class), path, "J7", out);
        Map<String, RecordComponent> members = new TreeMap<>();
        for (var component : record.getRecordComponents()) {
            var name = component.getAccessor().getAnnotation(JsonProperty.class);
            members.put(name == null ? component.getName() : name.value(), component);
        }
        expect(
                members.keySet().equals(new TreeSet<>(schema.properties().keySet())),
                path,
                members.keySet() + " != " + schema.properties().keySet(),
                out);
        schema.properties()
                .forEach(
                        (name, property) -> {
                            var component = members.get(name);
                            if (component == null) {
                                return;
                            }
                            compare(property, component.getGenericType(), path + "." + name, out);
                            boolean collection =
                                    property.type().equals("array")
                                            || property.additionalProperties() != null;
                            boolean zero = component.getType().isPrimitive() && saysZero(property);
                            boolean wanted =
                                    !schema.required().contains(name) && !collection && !zero;
                            expect(
                                    nullable(component.getAnnotatedType()) == wanted,
                                    path + "." + name,
                                    "@Nullable, required",
                                    out);
                        });
        expect(record != Condition.class || schema.required().size() == 6, path, "condition", out);
    }

    /** A number that may be absent and then is 0 needs no null. */
    private static boolean saysZero(Schema schema) {
        return schema.description() != null && schema.description().contains("absent means 0");
    }

    private static boolean nullable(AnnotatedType type) {
        return Arrays.stream(type.getAnnotations())
                .anyMatch(a -> a.annotationType() == Nullable.class);
    }

    private static void expect(boolean holds, String path, Object what, List<String> out) {
        if (!holds) {
            out.add(path + ": " + what);
        }
    }

    @ParameterizedTest
    @EnumSource
    void k2EveryPropertyHasADescription(CrdFile crd) {
        var without = new ArrayList<String>();
        walk(
                crd.schema(),
                "",
                (path, schema) -> {
                    boolean property = !path.endsWith("[]") && !path.equals("metadata");
                    if (property
                            && (schema.description() == null || schema.description().isBlank())) {
                        without.add(path);
                    }
                });
        assertThat(without).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void k4ListsTextsAndNumbersAreBounded(CrdFile crd) {
        var unbounded = new ArrayList<String>();
        walk(
                crd.schema(),
                "",
                (path, schema) -> {
                    boolean spec = path.startsWith("spec");
                    switch (schema.type()) {
                        case "array" -> add(schema.maxItems() == null, path, unbounded);
                        case "string" -> add(spec && schema.maxLength() == null, path, unbounded);
                        case "integer" ->
                                add(
                                        spec
                                                && (schema.maximum() == null
                                                        || schema.minimum() == null),
                                        path,
                                        unbounded);
                        default -> {}
                    }
                });
        assertThat(unbounded).isEmpty();
    }

    private static void add(boolean bad, String path, List<String> out) {
        if (bad) {
            out.add(path);
        }
    }

    @ParameterizedTest
    @EnumSource
    void k5ListsSayHowTheyMerge(CrdFile crd) {
        var wrong = new ArrayList<String>();
        walk(
                crd.schema(),
                "",
                (path, schema) -> {
                    if (!schema.type().equals("array")) {
                        return;
                    }
                    boolean named = schema.items().properties().containsKey("name");
                    boolean texts = schema.items().type().equals("string");
                    String type = schema.listType() == null ? "" : schema.listType();
                    if (named && !type.equals("map")
                            || texts && !type.equals("set")
                            || type.isEmpty()) {
                        wrong.add(path + " " + type);
                    }
                });
        assertThat(wrong).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void k6DefaultsAreScalarsOutsideListsAndFitTheirSchema(CrdFile crd) {
        var wrong = new ArrayList<String>();
        walk(
                crd.schema(),
                "",
                (path, schema) -> {
                    Object value = schema.defaultValue();
                    if (value == null) {
                        return;
                    }
                    boolean status =
                            path.equals("status")
                                    && value.equals(Map.of("observedGeneration", -1L));
                    boolean text =
                            value instanceof String
                                    && schema.type().equals("string")
                                    && (schema.enumeration().isEmpty()
                                            || schema.enumeration().contains(value))
                                    && (schema.pattern() == null
                                            || ((String) value).matches(schema.pattern()));
                    boolean number = value instanceof Long && schema.type().equals("integer");
                    if (path.contains("[]") || !(status || text || number)) {
                        wrong.add(path + " " + value);
                    }
                });
        assertThat(wrong).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void k7NoNameIsABooleanOrNullOfYaml11AndEnumsAreCamelCase(CrdFile crd) {
        var wrong = new ArrayList<String>();
        walk(
                crd.schema(),
                "",
                (path, schema) -> {
                    if (!path.startsWith("spec")) {
                        return;
                    }
                    for (String name : schema.properties().keySet()) {
                        add(
                                YAML_1_1.contains(name.toLowerCase(Locale.ROOT)),
                                path + "." + name,
                                wrong);
                    }
                    for (String value : schema.enumeration()) {
                        add(
                                !value.matches("[A-Z][A-Za-z0-9]*")
                                        || YAML_1_1.contains(value.toLowerCase(Locale.ROOT)),
                                path + " " + value,
                                wrong);
                    }
                });
        assertThat(wrong).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void k8ThereAreNoFloatsAndNoBooleans(CrdFile crd) {
        walk(
                crd.schema(),
                "",
                (path, schema) ->
                        assertThat(schema.type())
                                .as(path)
                                .isIn("object", "array", "string", "integer"));
    }

    @ParameterizedTest
    @EnumSource
    void everyRuleCompilesAndHasAMessage(CrdFile crd) {
        walk(
                crd.schema(),
                "",
                (path, schema) ->
                        schema.rules()
                                .forEach(
                                        rule -> {
                                            assertThat(rule.message()).as(path).isNotBlank();
                                            assertThat(Rule.compile(rule.rule())).isNotNull();
                                        }));
    }

    private static void walk(Schema schema, String path, BiConsumer<String, Schema> visitor) {
        visitor.accept(path.isEmpty() ? "." : path, schema);
        schema.properties()
                .forEach(
                        (name, child) ->
                                walk(child, path.isEmpty() ? name : path + "." + name, visitor));
        if (schema.items() != null) {
            walk(schema.items(), path + "[]", visitor);
        }
    }
}
