package dev.tollgate.dataplane.cache;

/** What the cache did for a request, in the words of header, metric and span. */
public enum CacheResult {
    /** The answer was kept from an earlier request; no provider was asked. */
    HIT("hit"),
    /** The request could have been answered from the cache, and was not. */
    MISS("miss"),
    /** The cache has no part in the request. */
    OFF("off");

    private final String word;

    CacheResult(String word) {
        this.word = word;
    }

    public String word() {
        return word;
    }
}
