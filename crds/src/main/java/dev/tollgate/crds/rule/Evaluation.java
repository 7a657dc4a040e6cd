package dev.tollgate.crds.rule;

import dev.tollgate.crds.resource.DurationText;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Evaluates a tree. As in CEL, {@code &&}, {@code ||}, {@code all} and {@code exists} answer in
 * spite of a failing part when another part decides.
 */
final class Evaluation {
    @Nullable Object of(Expr expr, Map<String, @Nullable Object> scope) {
        return switch (expr) {
            case Expr.Literal literal -> literal.value();
            case Expr.Name name -> name(name.name(), scope);
            case Expr.Select select -> select(select, scope);
            case Expr.Has has ->
                    map(of(has.select().of(), scope)).containsKey(has.select().member());
            case Expr.Index index -> index(of(index.of(), scope), of(index.index(), scope));
            case Expr.ListOf list -> list.items().stream().map(item -> some(item, scope)).toList();
            case Expr.Not not -> !bool(of(not.of(), scope));
            case Expr.Binary binary -> binary(binary, scope);
            case Expr.Choice choice ->
                    of(
                            bool(of(choice.condition(), scope))
                                    ? choice.then()
                                    : choice.otherwise(),
                            scope);
            case Expr.Call call ->
                    call(
                            call.function(),
                            call.arguments().stream()
                                    .map(argument -> some(argument, scope))
                                    .toList());
            case Expr.Each each -> each(each, scope);
        };
    }

    private Object some(Expr expr, Map<String, @Nullable Object> scope) {
        Object value = of(expr, scope);
        if (value == null) {
            throw new RuleException("null where a value is needed");
        }
        return value;
    }

    private static @Nullable Object name(String name, Map<String, @Nullable Object> scope) {
        if (!scope.containsKey(name)) {
            throw new RuleException("undeclared reference to '" + name + "'");
        }
        return scope.get(name);
    }

    private @Nullable Object select(Expr.Select select, Map<String, @Nullable Object> scope) {
        var map = map(of(select.of(), scope));
        if (!map.containsKey(select.member())) {
            throw new RuleException("no such key: " + select.member());
        }
        return map.get(select.member());
    }

    private static @Nullable Object index(@Nullable Object of, @Nullable Object index) {
        var list = list(of);
        long at = number(index);
        if (at < 0 || at >= list.size()) {
            throw new RuleException("index out of bounds: " + at);
        }
        return list.get((int) at);
    }

    private @Nullable Object binary(Expr.Binary binary, Map<String, @Nullable Object> scope) {
        switch (binary.operator()) {
            case AND -> {
                return !either(new Expr.Not(binary.left()), new Expr.Not(binary.right()), scope);
            }
            case OR -> {
                return either(binary.left(), binary.right(), scope);
            }
            default -> {}
        }
        Object left = of(binary.left(), scope);
        Object right = of(binary.right(), scope);
        return switch (binary.operator()) {
            case EQUAL -> Objects.equals(left, right);
            case NOT_EQUAL -> !Objects.equals(left, right);
            case LESS -> compare(left, right) < 0;
            case LESS_EQUAL -> compare(left, right) <= 0;
            case GREATER -> compare(left, right) > 0;
            case GREATER_EQUAL -> compare(left, right) >= 0;
            case IN -> list(right).contains(left);
            case PLUS -> Math.addExact(number(left), number(right));
            case MINUS -> Math.subtractExact(number(left), number(right));
            case AND, OR -> throw new IllegalStateException("handled above");
        };
    }

    /** Or, which a true side decides even if the other fails. */
    private boolean either(Expr left, Expr right, Map<String, @Nullable Object> scope) {
        try {
            if (bool(of(left, scope))) {
                return true;
            }
        } catch (RuleException failed) {
            if (bool(of(right, scope))) {
                return true;
            }
            throw failed;
        }
        return bool(of(right, scope));
    }

    private Object each(Expr.Each each, Map<String, @Nullable Object> scope) {
        var inner = new HashMap<>(scope);
        var results = new ArrayList<@Nullable Object>();
        RuleException failed = null;
        for (Object item : list(of(each.list(), scope))) {
            inner.put(each.item(), item);
            try {
                results.add(of(each.body(), inner));
            } catch (RuleException e) {
                failed = e;
            }
        }
        boolean decided =
                switch (each.macro()) {
                    case ALL -> results.contains(false);
                    case EXISTS -> results.contains(true);
                    case EXISTS_ONE, MAP -> false;
                };
        if (failed != null && !decided) {
            throw failed;
        }
        return switch (each.macro()) {
            case ALL -> !decided;
            case EXISTS -> decided;
            case EXISTS_ONE -> results.stream().filter(Boolean.TRUE::equals).count() == 1;
            case MAP -> results;
        };
    }

    private static Object call(Expr.Function function, List<Object> arguments) {
        Object first = arguments.getFirst();
        return switch (function) {
            case SIZE -> size(first);
            case CONTAINS -> text(first).contains(text(arguments.get(1)));
            case STARTS_WITH -> text(first).startsWith(text(arguments.get(1)));
            case IS_SORTED -> sorted(list(first));
            case SUM ->
                    list(first).stream().mapToLong(Evaluation::number).reduce(0, Math::addExact);
            case COMPARE_TO -> (long) compare(first, arguments.get(1));
            case GET_SCHEME -> url(first).scheme();
            case GET_HOST -> url(first).host();
            case HAS_VALUE -> optional(first).isPresent();
            case VALUE ->
                    optional(first)
                            .orElseThrow(() -> new RuleException("optional.none() has no value"));
            case IS_URL -> Url.parse(text(first)).isPresent();
            case URL ->
                    Url.parse(text(first))
                            .orElseThrow(() -> new RuleException("not a URL: " + first));
            case QUANTITY -> quantity(text(first));
            case DURATION -> duration(text(first));
        };
    }

    private static long size(Object value) {
        return switch (value) {
            case String text -> text.codePointCount(0, text.length());
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            default -> throw overload("size", value);
        };
    }

    private static boolean sorted(List<?> list) {
        for (int i = 1; i < list.size(); i++) {
            if (compare(list.get(i - 1), list.get(i)) > 0) {
                return false;
            }
        }
        return true;
    }

    private static int compare(@Nullable Object left, @Nullable Object right) {
        if (left instanceof Long a && right instanceof Long b) {
            return a.compareTo(b);
        }
        if (left instanceof Duration a && right instanceof Duration b) {
            return a.compareTo(b);
        }
        if (left instanceof BigDecimal a && right instanceof BigDecimal b) {
            return a.compareTo(b);
        }
        if (left instanceof String a && right instanceof String b) {
            return a.compareTo(b);
        }
        throw overload("compare", left);
    }

    /** A decimal: the patterns refuse the suffixes that a Kubernetes quantity may have. */
    private static BigDecimal quantity(String text) {
        try {
            return new BigDecimal(text);
        } catch (NumberFormatException e) {
            throw new RuleException("not a quantity: " + text);
        }
    }

    private static Duration duration(String text) {
        try {
            return DurationText.parse(text);
        } catch (IllegalArgumentException e) {
            throw new RuleException(String.valueOf(e.getMessage()));
        }
    }

    private static boolean bool(@Nullable Object value) {
        if (value instanceof Boolean bool) {
            return bool;
        }
        throw overload("bool", value);
    }

    private static long number(@Nullable Object value) {
        if (value instanceof Long number) {
            return number;
        }
        throw overload("int", value);
    }

    private static String text(@Nullable Object value) {
        if (value instanceof String text) {
            return text;
        }
        throw overload("string", value);
    }

    private static List<?> list(@Nullable Object value) {
        if (value instanceof List<?> list) {
            return list;
        }
        throw overload("list", value);
    }

    private static Map<?, ?> map(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw overload("map", value);
    }

    private static Optional<?> optional(Object value) {
        if (value instanceof Optional<?> optional) {
            return optional;
        }
        throw overload("optional", value);
    }

    private static Url url(Object value) {
        if (value instanceof Url url) {
            return url;
        }
        throw overload("url", value);
    }

    private static RuleException overload(String wanted, @Nullable Object value) {
        return new RuleException(
                "no such overload: %s of %s"
                        .formatted(
                                wanted, value == null ? "null" : value.getClass().getSimpleName()));
    }
}
