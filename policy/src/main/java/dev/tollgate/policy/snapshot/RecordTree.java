package dev.tollgate.policy.snapshot;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Records to plain values and back, by their components: strings, whole numbers, booleans, enums,
 * records, lists, and sets of enums (sorted as declared). A null component is left out; on the way
 * back an absent one is null if it is {@link Nullable}, empty if it is a collection, and else an
 * error. Unknown members are ignored, as a newer schema may have them.
 */
final class RecordTree {

    /** Most errors that one decode tells. */
    private static final int MAX_ERRORS = 20;

    private static final ClassValue<Shape> SHAPES =
            new ClassValue<>() {
                @Override
                protected Shape computeValue(Class<?> type) {
                    return Shape.of(type);
                }
            };

    private final List<Decoded.Problem> problems = new ArrayList<>();

    /** A record's components and canonical constructor. */
    private record Shape(List<RecordComponent> components, Constructor<?> constructor) {
        static Shape of(Class<?> type) {
            var components = List.of(type.getRecordComponents());
            var types = components.stream().map(RecordComponent::getType).toArray(Class<?>[]::new);
            try {
                var constructor = type.getDeclaredConstructor(types);
                constructor.setAccessible(true);
                components.forEach(c -> c.getAccessor().setAccessible(true));
                return new Shape(components, constructor);
            } catch (NoSuchMethodException e) {
                throw new IllegalStateException("record without canonical constructor: " + type, e);
            }
        }
    }

    static Map<String, Object> toTree(Record record) {
        var tree = new HashMap<String, Object>();
        for (var component : SHAPES.get(record.getClass()).components()) {
            var value = read(component, record);
            if (value != null) {
                tree.put(component.getName(), plain(value));
            }
        }
        return tree;
    }

    private static @Nullable Object read(RecordComponent component, Record record) {
        try {
            return component.getAccessor().invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("component " + component + " cannot be read", e);
        }
    }

    private static Object plain(Object value) {
        return switch (value) {
            case Record record -> toTree(record);
            case Enum<?> constant -> constant.name();
            case List<?> list -> list.stream().map(RecordTree::plain).toList();
            case Set<?> set -> constants(set);
            default -> value;
        };
    }

    private static List<String> constants(Set<?> set) {
        var constants = new ArrayList<Enum<?>>();
        set.forEach(constant -> constants.add((Enum<?>) constant));
        constants.sort((a, b) -> Integer.compare(a.ordinal(), b.ordinal()));
        var names = new ArrayList<String>();
        constants.forEach(constant -> names.add(constant.name()));
        return names;
    }

    /** Reads {@code type} from a tree; null exactly when {@link #problems} is not empty. */
    <T extends Record> @Nullable T fromTree(Map<?, ?> tree, Class<T> type) {
        var made = record("", tree, type);
        return problems.isEmpty() ? type.cast(made) : null;
    }

    List<Decoded.Problem> problems() {
        return List.copyOf(problems);
    }

    private @Nullable Object record(String path, Map<?, ?> tree, Class<?> type) {
        var shape = SHAPES.get(type);
        var values = new @Nullable Object[shape.components().size()];
        int before = problems.size();
        for (int i = 0; i < values.length; i++) {
            values[i] = component(path, tree, shape.components().get(i));
        }
        if (problems.size() > before) {
            return null;
        }
        try {
            return shape.constructor().newInstance(values);
        } catch (InvocationTargetException e) {
            var cause = e.getCause();
            return problem(path, cause == null ? "invalid" : String.valueOf(cause.getMessage()));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("record cannot be made: " + type, e);
        }
    }

    private @Nullable Object component(String path, Map<?, ?> tree, RecordComponent component) {
        var at = path.isEmpty() ? component.getName() : path + "." + component.getName();
        var value = tree.get(component.getName());
        if (value != null) {
            return value(at, value, component.getGenericType());
        }
        if (component.getType() == List.class) {
            return isNullable(component) ? null : List.of();
        }
        if (component.getType() == Set.class) {
            return Set.of();
        }
        return isNullable(component) ? null : problem(at, "absent (expected: a value)");
    }

    private static boolean isNullable(RecordComponent component) {
        return component.getAnnotatedType().isAnnotationPresent(Nullable.class);
    }

    private @Nullable Object value(String path, Object value, Type type) {
        if (type instanceof ParameterizedType generic) {
            return collection(path, value, generic);
        }
        var raw = (Class<?>) type;
        if (raw == String.class) {
            return value instanceof String ? value : mismatch(path, value, "a string");
        }
        if (raw == boolean.class) {
            return value instanceof Boolean ? value : mismatch(path, value, "true or false");
        }
        if (raw == long.class || raw == Long.class) {
            return value instanceof Long ? value : mismatch(path, value, "a whole number");
        }
        if (raw == int.class || raw == Integer.class) {
            return value instanceof Long number && number == number.intValue()
                    ? (Object) number.intValue()
                    : mismatch(path, value, "a whole number of 32 bits");
        }
        if (raw.isEnum()) {
            return constant(path, value, raw);
        }
        if (raw.isRecord()) {
            return value instanceof Map<?, ?> map
                    ? record(path, map, raw)
                    : mismatch(path, value, "an object");
        }
        throw new IllegalStateException("component type " + type + " at " + path);
    }

    private @Nullable Object collection(String path, Object value, ParameterizedType type) {
        if (!(value instanceof List<?> list)) {
            return mismatch(path, value, "a list");
        }
        var elementType = type.getActualTypeArguments()[0];
        var elements = new ArrayList<>(list.size());
        for (int i = 0; i < list.size(); i++) {
            var element = value(path + "[" + i + "]", list.get(i), elementType);
            if (element != null) {
                elements.add(element);
            }
        }
        return type.getRawType() == Set.class ? Set.copyOf(elements) : elements;
    }

    private @Nullable Object constant(String path, Object value, Class<?> type) {
        for (var constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(value)) {
                return constant;
            }
        }
        return problem(
                path,
                value + " (expected: one of " + Arrays.toString(type.getEnumConstants()) + ")");
    }

    private @Nullable Object mismatch(String path, Object value, String expected) {
        var shown = value instanceof Map || value instanceof List ? "a structure" : value;
        return problem(path, shown + " (expected: " + expected + ")");
    }

    private @Nullable Object problem(String path, String message) {
        if (problems.size() < MAX_ERRORS) {
            problems.add(new Decoded.Problem(path, message));
        }
        return null;
    }
}
