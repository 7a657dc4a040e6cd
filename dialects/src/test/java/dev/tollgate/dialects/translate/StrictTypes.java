package dev.tollgate.dialects.translate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Checks an object of the OpenAI or Anthropic Java SDK more strictly than its own {@code
 * validate()}: every field that the SDK's builder demands must have been in the JSON, nullable ones
 * too. Which those are is read from the bytecode of the builders.
 */
final class StrictTypes {
    private static final Map<Class<?>, List<String>> REQUIRED = new HashMap<>();

    private StrictTypes() {}

    /** Fails with the path of the first thing that is wrong. */
    static void check(Object value) {
        call(value, "validate");
        walk(value, value.getClass().getSimpleName());
    }

    private static void walk(Object value, String path) {
        switch (value) {
            case Optional<?> optional -> optional.ifPresent(each -> walk(each, path));
            case Collection<?> many -> {
                int i = 0;
                for (var each : many) {
                    walk(each, path + "[" + i++ + "]");
                }
            }
            default -> {
                if (!value.getClass().getPackageName().contains(".models.")) {
                    return;
                }
                if (!chosen(value, path)) {
                    fields(value, path);
                }
            }
        }
    }

    /** Walks into what a union holds. */
    private static boolean chosen(Object value, String path) {
        boolean union = false;
        for (var method : value.getClass().getMethods()) {
            if (method.getName().startsWith("is")
                    && method.getParameterCount() == 0
                    && method.getReturnType() == boolean.class
                    && !method.getName().equals("isValid")) {
                var as = method(value.getClass(), "as" + method.getName().substring(2));
                if (as != null) {
                    union = true;
                    if (Boolean.TRUE.equals(invoke(value, method))) {
                        walk(invoke(value, as), path + "." + as.getName());
                        return true;
                    }
                }
            }
        }
        if (union && method(value.getClass(), "_json") != null) {
            throw new AssertionError(path + ": no variant of the union fits: " + value);
        }
        return union;
    }

    private static void fields(Object value, String path) {
        for (var name : required(value.getClass())) {
            var raw = method(value.getClass(), "_" + name);
            if (raw == null) {
                continue;
            }
            var field = invoke(value, raw);
            if (field.getClass().getSimpleName().equals("JsonMissing")) {
                throw new AssertionError(path + "." + name + ": missing in " + value);
            }
        }
        for (var method : value.getClass().getMethods()) {
            boolean accessor =
                    method.getName().startsWith("_")
                            && method.getParameterCount() == 0
                            && method.getReturnType().getSimpleName().equals("JsonField");
            var getter = accessor ? method(value.getClass(), method.getName().substring(1)) : null;
            if (getter == null) {
                continue;
            }
            var kind = invoke(value, method).getClass().getSimpleName();
            if (!kind.equals("JsonMissing") && !kind.equals("JsonNull")) {
                walk(invoke(value, getter), path + "." + getter.getName());
            }
        }
    }

    private static List<String> required(Class<?> type) {
        return REQUIRED.computeIfAbsent(type, StrictTypes::readRequired);
    }

    private static List<String> readRequired(Class<?> type) {
        var names = new ArrayList<String>();
        var resource = "/" + type.getName().replace('.', '/') + "$Builder.class";
        try (var in = type.getResourceAsStream(resource)) {
            if (in == null) {
                return names;
            }
            for (var method : ClassFile.of().parse(in.readAllBytes()).methods()) {
                if (!method.methodName().equalsString("build")) {
                    continue;
                }
                String last = "";
                for (var element : method.code().orElseThrow()) {
                    if (element instanceof ConstantInstruction constant
                            && constant.constantValue() instanceof String text) {
                        last = text;
                    } else if (element instanceof InvokeInstruction invoke
                            && invoke.name().equalsString("checkRequired")) {
                        names.add(last);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return names;
    }

    private static Method method(Class<?> type, String name) {
        try {
            return type.getMethod(name);
        } catch (NoSuchMethodException absent) {
            return null;
        }
    }

    private static Object call(Object value, String name) {
        var method = method(value.getClass(), name);
        return method == null ? value : invoke(value, method);
    }

    private static Object invoke(Object value, Method method) {
        try {
            return method.invoke(value);
        } catch (InvocationTargetException e) {
            throw new AssertionError(
                    value.getClass().getSimpleName()
                            + "."
                            + method.getName()
                            + ": "
                            + e.getCause().getMessage(),
                    e.getCause());
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }
}
