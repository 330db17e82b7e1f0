//! tmp
#![allow(missing_docs,clippy::unwrap_used)]
use std::{path::PathBuf,time::Duration,collections::BTreeMap};
pub use crate::base_url::BaseUrl;
#[derive(Clone,Debug)] pub struct Config{pub server:Server,pub upstream:Upstream,pub store:Store,pub cache:Cache,pub log:Log,pub limits:Limits,pub warnings:Vec<String>}
#[derive(Clone,Debug)] pub struct Server{pub hostname:String,pub port:u16,pub base_url:Option<BaseUrl>,pub threads:usize,pub trusted_proxies:Vec<ipnet::IpNet>,pub stop_timeout:Duration,pub home:Option<PathBuf>}
#[derive(Clone,Debug)] pub struct Upstream{pub url:url::Url,pub auto_forward:bool,pub ignore_cert:bool,pub proxy_url:Option<Proxy>,pub no_proxy:NoProxy,pub user_agent:String,pub token:Option<Secret>,pub ca_file:Option<PathBuf>,pub connect_timeout:Duration,pub read_timeout:Duration,pub fetch_timeout:Duration}
#[derive(Clone,Debug)] pub struct Proxy{pub url:url::Url,pub authorization:Option<Secret>}
#[derive(Clone,Debug,Default)] pub struct NoProxy; impl NoProxy{pub fn covers(&self,_:&str,_:u16)->bool{false}}
#[derive(Clone)] pub struct Secret(String); impl Secret{pub fn expose(&self)->&str{&self.0}} impl std::fmt::Debug for Secret{fn fmt(&self,f:&mut std::fmt::Formatter<'_>)->std::fmt::Result{f.write_str("***")}}
#[derive(Clone,Debug)] pub struct Store{pub path:PathBuf}
#[derive(Clone,Debug)] pub struct Cache{pub path:PathBuf,pub size:u64,pub memory_size:u64,pub meta_ttl:Duration,pub stale_while_revalidate:Duration,pub not_found_ttl:Duration}
#[derive(Clone,Debug)] pub struct Log{pub file:Option<PathBuf>,pub level:String,pub access:bool}
#[derive(Clone,Debug)] pub struct Limits{pub packument_size:u64,pub tarball_size:u64}
#[derive(Default)] pub struct Sources{pub env:BTreeMap<String,String>,pub file:Option<PathBuf>}
impl Default for Config{fn default()->Config{Config::load(&Sources::default()).unwrap()}}
impl Config{pub fn default_file()->String{String::new()} pub fn load(s:&Sources)->Result<Config,Mistakes>{let g=|k:&str,d:&str|s.env.get(k).cloned().unwrap_or(d.to_owned());
let sec=Duration::from_secs;
Ok(Config{server:Server{hostname:g("NOPAR_HOSTNAME","localhost"),port:g("NOPAR_PORT","5984").parse().unwrap(),base_url:s.env.get("NOPAR_BASE_URL").map(|t|BaseUrl::parse(t).unwrap()),threads:2,trusted_proxies:vec![],stop_timeout:sec(30),home:None},
upstream:Upstream{url:url::Url::parse(&g("NOPAR_FORWARDER_URL","https://registry.yarnpkg.com")).unwrap(),auto_forward:true,ignore_cert:false,proxy_url:None,no_proxy:NoProxy,user_agent:"nopar/1".into(),token:None,ca_file:None,connect_timeout:sec(10),read_timeout:sec(30),fetch_timeout:sec(300)},
store:Store{path:"registry".into()},cache:Cache{path:g("NOPAR_CACHE_PATH","cache").into(),size:10<<30,memory_size:256<<20,meta_ttl:sec(g("NOPAR_META_TTL","21600").parse().unwrap()),stale_while_revalidate:sec(86400),not_found_ttl:sec(60)},
log:Log{file:None,level:"info".into(),access:true},limits:Limits{packument_size:256<<20,tarball_size:4<<30},warnings:vec![]})}}
#[derive(Debug)] pub struct Mistakes; impl std::fmt::Display for Mistakes{fn fmt(&self,f:&mut std::fmt::Formatter<'_>)->std::fmt::Result{f.write_str("m")}} impl std::error::Error for Mistakes{}
