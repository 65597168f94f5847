//! A web browser: cookies, redirects, and a person who reads pages and presses links.

use http::{StatusCode, header};
use parking_lot::Mutex;

use crate::{World, user::Connection};

/// Redirects that are followed before the browser gives up.
const REDIRECTS_MAX: usize = 10;

/// A browser of somebody who is logged in nowhere.
pub struct Browser {
    http: reqwest::Client,
    connection: Connection,
    /// Under which address the outside knows the server.
    public_base_url: String,
    cookies: Mutex<Vec<Cookie>>,
}

#[derive(Clone)]
struct Cookie {
    name: String,
    value: String,
    path: String,
}

/// Where a browser ended up.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status of the page, 302 when the browser was sent to an app.
    pub status: u16,
    /// The address of the page, or of the app.
    pub address: String,
    /// The text of the page.
    pub text: String,
    /// All cookies that were set on the way, as they were sent.
    pub cookies: Vec<String>,
    /// The rules of what the page may do.
    pub content_security_policy: String,
}

impl Page {
    /// The token in the address of an app.
    #[must_use]
    pub fn login_token(&self) -> Option<String> {
        login_token(&self.address)
    }

    /// The addresses of the links on the page.
    #[must_use]
    pub fn links(&self) -> Vec<String> {
        let starts = self.text.split("<a href=\"").skip(1);
        starts.filter_map(|rest| Some(rest.split_once('"')?.0.replace("&amp;", "&"))).collect()
    }
}

/// The token in an address.
#[must_use]
pub fn login_token(address: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    query.split('&').find_map(|pair| pair.strip_prefix("loginToken=")).map(str::to_owned)
}

impl Browser {
    /// A browser that reaches the server of this world as `public_base_url`.
    #[must_use]
    pub fn of(world: &World, public_base_url: &str) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(crate::limits::REQUEST_TIMEOUT)
            .no_proxy()
            .build()
            .expect("a plain client can be built");
        let public_base_url = public_base_url.to_owned();
        Self { http, connection: world.connection(), public_base_url, cookies: Mutex::default() }
    }

    /// Opens an address, or a path of the server, and follows redirects as far as the server and providers on this
    /// machine; an app is not opened.
    pub async fn opens(&self, address: &str) -> Page {
        let mut address = self.absolute(address);
        let mut cookies = Vec::new();
        for _ in 0..REDIRECTS_MAX {
            let response = self.request(&address).await;
            self.keep(&response, &mut cookies);
            let status = response.status();
            let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
            let next = location.filter(|_| status.is_redirection()).map(|location| self.absolute(location));
            let policy = response.headers().get(header::CONTENT_SECURITY_POLICY);
            let content_security_policy =
                policy.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
            match next {
                Some(next) if self.is_ours(&next) => address = next,
                Some(app) => {
                    let status = StatusCode::FOUND.as_u16();
                    return Page {
                        status,
                        address: app,
                        text: String::new(),
                        cookies,
                        content_security_policy,
                    };
                }
                None => {
                    let text = response.text().await.expect("a page is text");
                    let status = status.as_u16();
                    return Page { status, address, text, cookies, content_security_policy };
                }
            }
        }
        panic!("too many redirects at {address}");
    }

    /// Opens an address and follows nothing: the address to which it redirects.
    pub async fn is_sent_to(&self, address: &str) -> String {
        let response = self.request(&self.absolute(address)).await;
        self.keep(&response, &mut Vec::new());
        let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        self.absolute(location.unwrap_or_else(|| panic!("{address} redirects, not {}", response.status())))
    }

    fn absolute(&self, address: &str) -> String {
        if address.starts_with('/') {
            format!("{}{address}", self.public_base_url)
        } else {
            address.to_owned()
        }
    }

    fn is_ours(&self, address: &str) -> bool {
        address.starts_with(&self.public_base_url) || address.starts_with("http://127.0.0.1:")
    }

    async fn request(&self, address: &str) -> reqwest::Response {
        let mut request = match address.strip_prefix(&self.public_base_url) {
            Some(path) => self.http.get(self.connection.url(path)),
            None => self.http.get(address),
        };
        if let Some(path) = address.strip_prefix(&self.public_base_url) {
            let cookies = self.cookies.lock();
            let sent = cookies.iter().filter(|cookie| path.starts_with(&cookie.path));
            let sent: Vec<String> = sent.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
            if !sent.is_empty() {
                request = request.header(header::COOKIE, sent.join("; "));
            }
        }
        request.send().await.unwrap_or_else(|error| panic!("{address}: {error}"))
    }

    fn keep(&self, response: &reqwest::Response, all: &mut Vec<String>) {
        for line in response.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("a cookie is text");
            all.push(line.to_owned());
            let mut parts = line.split("; ");
            let (name, value) =
                parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie has a name");
            let path = parts.clone().find_map(|part| part.strip_prefix("Path=")).unwrap_or("/").to_owned();
            let is_over = parts.any(|part| part == "Max-Age=0");
            let mut cookies = self.cookies.lock();
            cookies.retain(|cookie| cookie.name != name);
            if !is_over {
                cookies.push(Cookie { name: name.to_owned(), value: value.to_owned(), path });
            }
        }
    }
}
