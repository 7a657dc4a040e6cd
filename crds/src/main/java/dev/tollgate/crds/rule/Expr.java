package dev.tollgate.crds.rule;

import java.util.List;

/** The syntax tree of a rule. */
sealed interface Expr {
    record Literal(Object value) implements Expr {}

    record Name(String name) implements Expr {}

    record Select(Expr of, String member) implements Expr {}

    record Has(Select select) implements Expr {}

    record Index(Expr of, Expr index) implements Expr {}

    record ListOf(List<Expr> items) implements Expr {}

    record Not(Expr of) implements Expr {}

    record Binary(Operator operator, Expr left, Expr right) implements Expr {}

    record Choice(Expr condition, Expr then, Expr otherwise) implements Expr {}

    record Call(Function function, List<Expr> arguments) implements Expr {}

    /** A macro over a list; {@code body} sees the item as {@code item}. */
    record Each(Macro macro, Expr list, String item, Expr body) implements Expr {}

    enum Macro {
        ALL,
        EXISTS,
        EXISTS_ONE,
        MAP
    }

    enum Operator {
        OR,
        AND,
        EQUAL,
        NOT_EQUAL,
        LESS,
        LESS_EQUAL,
        GREATER,
        GREATER_EQUAL,
        IN,
        PLUS,
        MINUS
    }

    /** Functions by name; the first argument of a member function is what it is called on. */
    enum Function {
        SIZE("size", true, 1),
        CONTAINS("contains", true, 2),
        STARTS_WITH("startsWith", true, 2),
        IS_SORTED("isSorted", true, 1),
        SUM("sum", true, 1),
        COMPARE_TO("compareTo", true, 2),
        GET_SCHEME("getScheme", true, 1),
        GET_HOST("getHost", true, 1),
        HAS_VALUE("hasValue", true, 1),
        VALUE("value", true, 1),
        IS_URL("isURL", false, 1),
        URL("url", false, 1),
        QUANTITY("quantity", false, 1),
        DURATION("duration", false, 1);

        final String text;
        final boolean member;
        final int arity;

        Function(String text, boolean member, int arity) {
            this.text = text;
            this.member = member;
            this.arity = arity;
        }
    }
}
