use std::net::IpAddr;

use tokio::time::timeout;

use super::*;

const LIMITS: Limits = Limits {
    connections: 4,
    connections_each: 3,
    bytes: 90,
    work: 1,
    answer: Duration::from_secs(15),
};

fn mk_address(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

fn mk_connections() -> (Connections, impl Fn(u8) -> Result<Connection, Refused>) {
    let connections = Connections::new(LIMITS);
    let admitting = connections.clone();
    (connections, move |last| admitting.admit(mk_address(last)))
}

async fn is_closed(connection: &Connection) -> bool {
    let closed = timeout(Duration::from_millis(1), connection.closed());
    closed.await.is_ok()
}

#[tokio::test(start_paused = true)]
async fn a_new_client_takes_the_place_that_the_greediest_has_not_used_for_longest() {
    let (connections, admit) = mk_connections();
    let greedy = [admit(1).unwrap(), admit(1).unwrap(), admit(1).unwrap()];
    let other = admit(2).unwrap();
    drop(greedy[0].request());
    let honest = admit(3).unwrap();
    assert!(!is_closed(&greedy[0]).await, "was just used");
    assert!(is_closed(&greedy[1]).await, "was idle for longest");
    assert!(!is_closed(&other).await, "has only one");
    drop((greedy, other, honest));
    let table = connections.0.table();
    assert!(table.clients.is_empty() && table.open == 0);
}

#[tokio::test(start_paused = true)]
async fn a_greedy_client_loses_a_busy_connection_before_a_new_client_is_refused() {
    let (_, admit) = mk_connections();
    let greedy = [admit(1).unwrap(), admit(1).unwrap(), admit(1).unwrap()];
    let _open = greedy.each_ref().map(Connection::request);
    let other = admit(2).unwrap();
    let _work = other.request();
    admit(3).unwrap();
    assert!(is_closed(&greedy[0]).await);
    assert!(!is_closed(&other).await);
}

#[tokio::test(start_paused = true)]
async fn a_client_at_its_limit_takes_only_from_itself() {
    let (_, admit) = mk_connections();
    let other = admit(2).unwrap();
    let greedy = [admit(1).unwrap(), admit(1).unwrap(), admit(1).unwrap()];
    let fourth = admit(1).unwrap();
    assert!(is_closed(&greedy[0]).await);
    assert!(!is_closed(&other).await);
    let _open = [&greedy[1], &greedy[2], &fourth].map(Connection::request);
    assert_eq!(admit(1).unwrap_err(), Refused::Each);
}

#[tokio::test(start_paused = true)]
async fn many_addresses_with_one_connection_each_do_not_keep_another_out() {
    let (_, admit) = mk_connections();
    let held = [1, 2, 3, 4].map(|last| admit(last).unwrap());
    let _work = held[0].request();
    let fifth = admit(5).unwrap();
    assert!(is_closed(&held[1]).await && !is_closed(&held[0]).await);
    let _all = [&held[2], &held[3], &fifth].map(Connection::request);
    assert_eq!(admit(6).unwrap_err(), Refused::All);
}

#[test]
fn both_notations_of_an_address_are_one_address() {
    let connections = Connections::new(LIMITS);
    let _held = [
        connections
            .admit("10.0.0.1".parse::<IpAddr>().unwrap())
            .unwrap(),
        connections
            .admit("::ffff:10.0.0.1".parse::<IpAddr>().unwrap())
            .unwrap(),
    ];
    assert_eq!(connections.0.table().clients.len(), 1);
}

#[test]
fn one_address_takes_at_most_half_of_what_others_leave() {
    let (connections, admit) = mk_connections();
    let (one, other, third) = (admit(1).unwrap(), admit(2).unwrap(), admit(3).unwrap());
    let mut first = one.held();
    first.resize(45).unwrap();
    let mut more = one.held();
    assert_eq!(more.resize(1), Err(Exhausted));
    let mut others = other.held();
    assert_eq!(others.resize(23), Err(Exhausted));
    others.resize(22).unwrap();
    third.held().resize(11).unwrap();
    first.resize(10).unwrap();
    more.resize(20).unwrap();
    drop((first, more, others, one, other, third));
    assert_eq!(connections.0.table().bytes, 0);
    assert!(connections.0.table().clients.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_answer_counts_until_its_last_byte_is_dropped() {
    let (connections, admit) = mk_connections();
    let connection = admit(1).unwrap();
    let mut held = connection.held();
    held.resize(40).unwrap();
    let mut answer = connection.answer(vec![0; 20], held).unwrap();
    assert_eq!(connections.0.table().bytes, 20);
    let rest = answer.split_off(10);
    drop(answer);
    assert_eq!(connections.0.table().bytes, 20);
    assert!(!connection.0.link.is_idle());
    drop(rest);
    assert_eq!(connections.0.table().bytes, 0);
    assert!(connection.0.link.is_idle());
    let too_large = connection.answer(vec![0; 46], connection.held());
    assert_eq!(too_large, Err(Exhausted));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_take_its_answer_is_closed() {
    let (_, admit) = mk_connections();
    let connection = admit(1).unwrap();
    let taken = connection.answer(vec![0; 4], connection.held()).unwrap();
    let closed = tokio::spawn({
        let connection = connection.clone();
        async move { connection.closed().await }
    });
    tokio::time::sleep(LIMITS.answer / 2).await;
    drop(taken);
    let began = tokio::time::Instant::now();
    let _stuck = connection.answer(vec![0; 4], connection.held()).unwrap();
    closed.await.unwrap();
    assert_eq!(began.elapsed().as_secs(), LIMITS.answer.as_secs());
}

async fn gets_permit(connection: &Connection) -> Option<Permit> {
    let permit = timeout(Duration::from_millis(1), connection.permit());
    permit.await.ok()
}

#[tokio::test(start_paused = true)]
async fn one_address_uses_every_processor_and_another_still_gets_its_turn_at_once() {
    for work in [1, 2, 4] {
        let connections = Connections::new(Limits { work, ..LIMITS });
        let greedy = connections.admit(mk_address(1)).unwrap();
        let mut held = Vec::new();
        for _ in 0..work {
            held.push(gets_permit(&greedy).await.expect("nobody else asks"));
        }
        assert!(gets_permit(&greedy).await.is_none(), "{work}");
        // Another connection of the same address changes nothing.
        let more = connections.admit(mk_address(1)).unwrap();
        assert!(gets_permit(&more).await.is_none(), "{work}");
        let honest = connections.admit(mk_address(2)).unwrap();
        assert!(gets_permit(&honest).await.is_some(), "{work}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_with_much_work_waits_behind_itself() {
    let (_, admit) = mk_connections();
    let (greedy, honest) = (admit(1).unwrap(), admit(2).unwrap());
    let first = greedy.permit().await;
    let other = admit(3).unwrap();
    let _spare = other.permit().await;
    let waiting: Vec<_> = (0..5)
        .map(|_| {
            let greedy = greedy.clone();
            tokio::spawn(async move { greedy.permit().await })
        })
        .collect();
    tokio::task::yield_now().await;
    let mut next = tokio::spawn(async move { honest.permit().await });
    tokio::task::yield_now().await;
    assert!(timeout(Duration::from_millis(1), &mut next).await.is_err());
    drop(first);
    let permit = timeout(Duration::from_millis(1), next).await;
    assert!(
        permit.is_ok(),
        "five requests of another address went first"
    );
    for task in waiting {
        task.abort();
    }
}
