package dev.tollgate.crds.resource;

import com.fasterxml.jackson.annotation.JsonEnumDefaultValue;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.BeanProperty;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.deser.ContextualDeserializer;
import java.io.IOException;
import java.lang.reflect.Field;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads an enum by the {@code @JsonProperty} names of its constants; anything else is the default
 * constant.
 */
final class TolerantEnum extends JsonDeserializer<Enum<?>> implements ContextualDeserializer {
    private final Map<String, Enum<?>> byName;
    private final @Nullable Enum<?> unknown;

    TolerantEnum() {
        this(Map.of(), null);
    }

    private TolerantEnum(Map<String, Enum<?>> byName, @Nullable Enum<?> unknown) {
        this.byName = byName;
        this.unknown = unknown;
    }

    @Override
    public JsonDeserializer<?> createContextual(
            DeserializationContext context, @Nullable BeanProperty property) {
        JavaType type = context.getContextualType();
        Class<?> raw = type.getRawClass();
        var byName = new HashMap<String, Enum<?>>();
        Enum<?> unknown = null;
        for (Field field : raw.getDeclaredFields()) {
            if (!field.isEnumConstant()) {
                continue;
            }
            Enum<?> constant = constant(raw, field.getName());
            var name = field.getAnnotation(JsonProperty.class);
            if (name != null) {
                byName.put(name.value(), constant);
            }
            if (field.isAnnotationPresent(JsonEnumDefaultValue.class)) {
                unknown = constant;
            }
        }
        if (unknown == null) {
            throw new IllegalStateException(
                    raw.getName() + " has no @JsonEnumDefaultValue constant");
        }
        return new TolerantEnum(Map.copyOf(byName), unknown);
    }

    private static Enum<?> constant(Class<?> type, String name) {
        for (Object constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                return (Enum<?>) constant;
            }
        }
        throw new IllegalStateException(type.getName() + " has no constant " + name);
    }

    @Override
    public @Nullable Enum<?> deserialize(JsonParser parser, DeserializationContext context)
            throws IOException {
        String text = parser.getValueAsString();
        if (text == null) {
            parser.skipChildren();
            return unknown;
        }
        return byName.getOrDefault(text, unknown);
    }
}
