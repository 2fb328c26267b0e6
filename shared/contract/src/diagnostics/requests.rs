//! 17xx: requests to the webhook that get an HTTP error instead of a review.

diagnostics! {
    CONTENT_TYPE = 1701:
        "`Invalid content-type: …`",
        "the request is not one of the API server, which sends `application/json`",
        "send `Content-Type: application/json`";
    BODY = 1702:
        "`Empty request body`, `error reading request body: …`, `the body did not arrive in time`",
        "the request did not arrive whole; a body may have 7 MiB",
        "look for a proxy or firewall between API server and injector";
    NOT_A_REVIEW = 1703:
        "`error decoding admission request: …`, `not an admission review`, `the admission review has no request`",
        "the body is not an AdmissionReview",
        "send an AdmissionReview of `admission.k8s.io/v1` or `v1beta1`; check `admissionReviewVersions` of the webhook configuration";
    REVIEW_NAME = 1704:
        "`the review's namespace is not a DNS label`, `the review's uid is not valid`",
        "the review holds a name that no API server sends",
        "send the review of a pod as the API server would";
    TOO_LARGE = 1705:
        "`the review has too many objects and values in it`",
        "to decide it would take more memory than one review may have",
        "make the object smaller: fewer containers, mounts and annotations";
    BUSY = 1706:
        "`too many requests at once`",
        "more reviews arrive than the injector has memory and processors for",
        "the API server or its client tries again; run more replicas, or raise `injector.resources.limits.cpu`";
    SLOW = 1707:
        "`the review takes too long to decide`",
        "it was not decided within four fifths of the webhook's `timeoutSeconds`, or 8 s",
        "give the injector more CPU (`injector.resources.limits.cpu`)";
    UNDECIDED = 1708:
        "`the review cannot be decided`",
        "a fault of the injector",
        "report it with the object that was applied and the injector's log";
    NO_CERTIFICATE = 1709:
        "`a client certificate signed by an authority in -tls-client-ca-file is required`",
        "the injector runs with `-tls-client-ca-file`, and the client has no such certificate",
        "give the API server a client certificate for the webhook, or run the injector without the flag";
}
