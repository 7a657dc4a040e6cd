package dev.tollgate.simulator.script;

import java.util.ArrayList;
import java.util.List;

/**
 * A script being played: counts the requests of each rule and says what to do with the next one.
 * Any thread may call it; a decision is atomic.
 */
public final class Stage {
    private Script script;
    private List<Cue> cues;

    public Stage(Script script) {
        this.script = script;
        this.cues = cues(script);
    }

    /** Replaces the script; all counts begin again. */
    public synchronized void play(Script next) {
        script = next;
        cues = cues(next);
    }

    public synchronized Script script() {
        return script;
    }

    /** Puts one more rule before all others and keeps their counts. */
    public synchronized void interrupt(Rule rule) {
        var rules = new ArrayList<Rule>();
        rules.add(rule);
        rules.addAll(script.rules());
        script =
                new Script(
                        script.keys(),
                        script.billingStops(),
                        script.prices(),
                        script.models(),
                        script.contextTokens(),
                        script.defaults(),
                        rules);
        cues.addFirst(new Cue(rule));
    }

    /**
     * What to do with a request; every rule counts it, the first that fires has it. The script's
     * default is about inference only.
     */
    public synchronized Behaviour next(When.Facts facts) {
        Cue first = null;
        for (var cue : cues) {
            if (cue.meets(facts) && first == null) {
                first = cue;
            }
        }
        if (first == null) {
            return facts.endpoint().inference() ? script.defaults() : Behaviour.UNTOLD;
        }
        first.fired++;
        var told = first.rule.behaviour();
        return facts.endpoint().inference() ? told.over(script.defaults()) : told;
    }

    private static List<Cue> cues(Script script) {
        var list = new ArrayList<Cue>();
        script.rules().forEach(rule -> list.add(new Cue(rule)));
        return list;
    }

    private static final class Cue {
        private final Rule rule;
        private long seen;
        private long fired;

        private Cue(Rule rule) {
            this.rule = rule;
        }

        private boolean meets(When.Facts facts) {
            if (!rule.when().matches(facts)) {
                return false;
            }
            seen++;
            var times = rule.times();
            return rule.when().counts(seen) && (times == null || fired < times);
        }
    }
}
