package dev.tollgate.policy.route;

import dev.tollgate.policy.snapshot.SelectionEntry;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The quality that a request wants; api.md, R12. */
public final class Quality {

    /** Header of a request: {@code low}, {@code standard} or {@code high}, in any case. */
    public static final String HINT = "x-quality-hint";

    public static final int LOW = 1;
    public static final int STANDARD = 50;
    public static final int HIGH = 80;

    private Quality() {}

    /** The least quality that a hint asks for; 0: it is no hint. */
    public static int ofHint(String hint) {
        return switch (hint.toLowerCase(Locale.ROOT)) {
            case "low" -> LOW;
            case "standard" -> STANDARD;
            case "high" -> HIGH;
            default -> 0;
        };
    }

    /** 0: no floor. */
    static int floor(SelectionEntry.@Nullable Floor floor, HeaderLookup headers) {
        if (floor == null) {
            return 0;
        }
        var hint = floor.honourHint() ? headers.first(HINT) : null;
        int hinted = hint == null ? 0 : ofHint(hint);
        return hinted == 0 ? floor.standard() : hinted;
    }
}
