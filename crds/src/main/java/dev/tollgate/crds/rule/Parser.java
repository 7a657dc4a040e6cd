package dev.tollgate.crds.rule;

import dev.tollgate.crds.rule.Expr.Binary;
import dev.tollgate.crds.rule.Expr.Macro;
import dev.tollgate.crds.rule.Expr.Operator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Recursive descent, one method per level of precedence, loosest first. */
final class Parser {
    private static final Map<String, Operator> RELATIONS =
            Map.of(
                    "==", Operator.EQUAL,
                    "!=", Operator.NOT_EQUAL,
                    "<", Operator.LESS,
                    "<=", Operator.LESS_EQUAL,
                    ">", Operator.GREATER,
                    ">=", Operator.GREATER_EQUAL,
                    "in", Operator.IN);

    private final String text;
    private final List<String> tokens;
    private int next;
    private boolean oldSelf;

    Parser(String text) {
        this.text = text;
        this.tokens = tokens(text);
    }

    Expr parse() {
        Expr expr = choice();
        if (next < tokens.size()) {
            throw failure("nothing more");
        }
        return expr;
    }

    boolean sawOldSelf() {
        return oldSelf;
    }

    private Expr choice() {
        Expr condition = or();
        if (!accept("?")) {
            return condition;
        }
        Expr then = choice();
        expect(":");
        return new Expr.Choice(condition, then, choice());
    }

    private Expr or() {
        Expr left = and();
        while (accept("||")) {
            left = new Binary(Operator.OR, left, and());
        }
        return left;
    }

    private Expr and() {
        Expr left = relation();
        while (accept("&&")) {
            left = new Binary(Operator.AND, left, relation());
        }
        return left;
    }

    private Expr relation() {
        Expr left = sum();
        String token = peek();
        while (token != null && RELATIONS.containsKey(token)) {
            next++;
            left = new Binary(RELATIONS.get(token), left, sum());
            token = peek();
        }
        return left;
    }

    private Expr sum() {
        Expr left = unary();
        while (true) {
            if (accept("+")) {
                left = new Binary(Operator.PLUS, left, unary());
            } else if (accept("-")) {
                left = new Binary(Operator.MINUS, left, unary());
            } else {
                return left;
            }
        }
    }

    private Expr unary() {
        return accept("!") ? new Expr.Not(unary()) : member();
    }

    private Expr member() {
        Expr of = primary();
        while (true) {
            if (accept(".")) {
                String name = identifier();
                of = accept("(") ? memberCall(of, name) : new Expr.Select(of, name);
            } else if (accept("[")) {
                of = new Expr.Index(of, choice());
                expect("]");
            } else {
                return of;
            }
        }
    }

    private Expr memberCall(Expr of, String name) {
        for (Macro macro : Macro.values()) {
            if (macro.name().toLowerCase(Locale.ROOT).equals(name)) {
                String item = identifier();
                expect(",");
                Expr body = choice();
                expect(")");
                return new Expr.Each(macro, of, item, body);
            }
        }
        var arguments = new ArrayList<Expr>();
        arguments.add(of);
        arguments.addAll(arguments());
        return call(name, true, arguments);
    }

    private Expr primary() {
        if (accept("(")) {
            Expr inner = choice();
            expect(")");
            return inner;
        }
        if (accept("[")) {
            return new Expr.ListOf(items("]"));
        }
        String token = peek();
        if (token == null) {
            throw failure("an expression");
        }
        if (token.startsWith("'")) {
            next++;
            return new Expr.Literal(token.substring(1, token.length() - 1));
        }
        if (Character.isDigit(token.charAt(0))) {
            next++;
            return new Expr.Literal(Long.valueOf(token));
        }
        String name = identifier();
        if (!accept("(")) {
            oldSelf |= name.equals("oldSelf");
            return name.equals("true") || name.equals("false")
                    ? new Expr.Literal(Boolean.valueOf(name))
                    : new Expr.Name(name);
        }
        if (!name.equals("has")) {
            return call(name, false, arguments());
        }
        if (choice() instanceof Expr.Select select && accept(")")) {
            return new Expr.Has(select);
        }
        throw failure("has(a.b)");
    }

    private Expr call(String name, boolean member, List<Expr> arguments) {
        for (Expr.Function function : Expr.Function.values()) {
            if (function.text.equals(name)
                    && function.member == member
                    && function.arity == arguments.size()) {
                return new Expr.Call(function, List.copyOf(arguments));
            }
        }
        throw failure("a known function, not " + name);
    }

    private List<Expr> arguments() {
        return items(")");
    }

    private List<Expr> items(String end) {
        var items = new ArrayList<Expr>();
        if (accept(end)) {
            return items;
        }
        do {
            items.add(choice());
        } while (accept(","));
        expect(end);
        return items;
    }

    private String identifier() {
        String token = peek();
        if (token == null || !Character.isJavaIdentifierStart(token.charAt(0))) {
            throw failure("a name");
        }
        next++;
        return token;
    }

    private @Nullable String peek() {
        return next < tokens.size() ? tokens.get(next) : null;
    }

    private boolean accept(String token) {
        if (token.equals(peek())) {
            next++;
            return true;
        }
        return false;
    }

    private void expect(String token) {
        if (!accept(token)) {
            throw failure(token);
        }
    }

    private RuleException failure(String expected) {
        return new RuleException(
                "rule: %s; at %s (expected: %s)"
                        .formatted(text, peek() == null ? "the end" : peek(), expected));
    }

    /** Names, numbers, single-quoted strings without escapes, and operators. */
    private static List<String> tokens(String text) {
        var tokens = new ArrayList<String>();
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            if (Character.isWhitespace(c)) {
                at++;
                continue;
            }
            int end = at + 1;
            if (c == '\'') {
                end = text.indexOf('\'', at + 1) + 1;
                if (end == 0 || text.substring(at, end).contains("\\")) {
                    throw new RuleException(
                            "rule: " + text + " (expected: a string that ends, without escapes)");
                }
            } else if (Character.isDigit(c)) {
                while (end < text.length() && Character.isDigit(text.charAt(end))) {
                    end++;
                }
            } else if (Character.isJavaIdentifierStart(c)) {
                while (end < text.length() && Character.isJavaIdentifierPart(text.charAt(end))) {
                    end++;
                }
            } else if (end < text.length()
                    && List.of("||", "&&", "==", "!=", "<=", ">=")
                            .contains(text.substring(at, end + 1))) {
                end++;
            }
            tokens.add(text.substring(at, end));
            at = end;
        }
        return tokens;
    }
}
