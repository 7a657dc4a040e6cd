package dev.tollgate.dataplane.control;

import dev.tollgate.policy.push.TargetFigures;
import java.util.List;

/** What this proxy saw of each (provider, model) in the last minute; asked every 5 s. */
@FunctionalInterface
public interface TargetFiguresSource {
    List<TargetFigures> figures();
}
