package dev.tollgate.policy.route;

/** A model name, or a pattern with one leading or one trailing {@code *}, or {@code *}. */
public record ModelPattern(String text) {

    public boolean isExact() {
        return !text.startsWith("*") && !text.endsWith("*");
    }

    /** Length of what is spelled out: the longer, the more specific. */
    public int literalLength() {
        return isExact() ? text.length() : text.length() - 1;
    }

    public boolean matches(String name) {
        if (text.equals("*")) {
            return true;
        }
        if (text.startsWith("*")) {
            return name.endsWith(text.substring(1));
        }
        if (text.endsWith("*")) {
            return name.startsWith(text.substring(0, text.length() - 1));
        }
        return text.equals(name);
    }

    /** Whether it matches every name that {@code other} matches. */
    public boolean covers(ModelPattern other) {
        if (text.equals("*") || text.equals(other.text)) {
            return true;
        }
        if (isExact() || other.text.equals("*")) {
            return false;
        }
        if (other.isExact()) {
            return matches(other.text);
        }
        boolean leading = text.startsWith("*");
        return leading == other.text.startsWith("*") && matches(other.literal());
    }

    private String literal() {
        if (isExact()) {
            return text;
        }
        return text.startsWith("*") ? text.substring(1) : text.substring(0, text.length() - 1);
    }
}
